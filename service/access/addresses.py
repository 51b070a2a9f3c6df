"""Which addresses count as one client."""

import functools
import ipaddress

_NETWORK_BITS = 64  # what a provider gives one customer of IPv6
_UNKNOWN = "unknown"


@functools.lru_cache(maxsize=4096)
def client_of(address: str) -> str:
    """The client of an address: itself for IPv4, its network for IPv6, where one client has 2^64.

    What is no address, such as what a proxy makes up, is all one client.
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return _UNKNOWN
    if parsed.version == 4:
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((int(parsed), _NETWORK_BITS), strict=False))
