"""What can be measured of a translator, by the names that the command line has for it."""

KEPT, TYPED, ODD, GLOSSARY, SEARCH = PARTS = ("kept", "typed", "odd", "glossary", "search")
