"""The symbols: characters that no text uses, for private use in Unicode."""

import re

SYMBOLS = tuple(chr(0xE000 + number) for number in range(10))
PRIVATE_USE = re.compile("[\ue000-\uf8ff]")
