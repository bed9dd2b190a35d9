"""requests, imported without the 8 ms it spends on what guesses at character sets, which nothing here asks for."""

from __future__ import annotations

import warnings

from kazoo_sup.transports import absent

# It goes on without when that import fails, and warns.
with absent("chardet", "charset_normalizer"), warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import requests
    from requests.adapters import HTTPAdapter
    from requests.utils import get_environ_proxies

__all__ = ["HTTPAdapter", "get_environ_proxies", "requests"]
