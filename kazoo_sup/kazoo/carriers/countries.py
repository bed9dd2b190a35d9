"""Countries and how their numbers begin: ISO 3166-1 codes of two and three letters, ITU country codes.

The countries of North America share +1 and are told apart by the area code.
"""

from __future__ import annotations

import re
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from kazoo_sup.kazoo.carriers.dialcodes import dialcode
from kazoo_sup.kazoo.carriers.nanp import COUNTRY_CODE, TOLL_FREE, area_code

if TYPE_CHECKING:
    from collections.abc import Mapping

_COUNTRIES = """
ADAND376 AEARE971 AFAFG93 AGATG1 AIAIA1 ALALB355 AMARM374 AOAGO244 ARARG54 ASASM1 ATAUT43 AUAUS61 AWABW297
AXALA358 AZAZE994 BABIH387 BBBRB1 BDBGD880 BEBEL32 BFBFA226 BGBGR359 BHBHR973 BIBDI257 BJBEN229 BLBLM590 BMBMU1
BNBRN673 BOBOL591 BQBES599 BRBRA55 BSBHS1 BTBTN975 BWBWA267 BYBLR375 BZBLZ501 CACAN1 CCCCK61 CDCOD243 CFCAF236
CGCOG242 CHCHE41 CICIV225 CKCOK682 CLCHL56 CMCMR237 CNCHN86 COCOL57 CRCRI506 CUCUB53 CVCPV238 CWCUW599 CXCXR61
CYCYP357 CZCZE420 DEDEU49 DJDJI253 DKDNK45 DMDMA1 DODOM1 DZDZA213 ECECU593 EEEST372 EGEGY20 EHESH212 ERERI291
ESESP34 ETETH251 FIFIN358 FJFJI679 FKFLK500 FMFSM691 FOFRO298 FRFRA33 GAGAB241 GBGBR44 GDGRD1 GEGEO995 GFGUF594
GGGGY44 GHGHA233 GIGIB350 GLGRL299 GMGMB220 GNGIN224 GPGLP590 GQGNQ240 GRGRC30 GTGTM502 GUGUM1 GWGNB245 GYGUY592
HKHKG852 HNHND504 HRHRV385 HTHTI509 HUHUN36 IDIDN62 IEIRL353 ILISR972 IMIMN44 ININD91 IOIOT246 IQIRQ964 IRIRN98
ISISL354 ITITA39 JEJEY44 JMJAM1 JOJOR962 JPJPN81 KEKEN254 KGKGZ996 KHKHM855 KIKIR686 KMCOM269 KNKNA1 KPPRK850
KRKOR82 KWKWT965 KYCYM1 KZKAZ7 LALAO856 LBLBN961 LCLCA1 LILIE423 LKLKA94 LRLBR231 LSLSO266 LTLTU370 LULUX352
LVLVA371 LYLBY218 MAMAR212 MCMCO377 MDMDA373 MEMNE382 MFMAF590 MGMDG261 MHMHL692 MKMKD389 MLMLI223 MMMMR95
MNMNG976 MOMAC853 MPMNP1 MQMTQ596 MRMRT222 MSMSR1 MTMLT356 MUMUS230 MVMDV960 MWMWI265 MXMEX52 MYMYS60 MZMOZ258
NANAM264 NCNCL687 NENER227 NFNFK672 NGNGA234 NINIC505 NLNLD31 NONOR47 NPNPL977 NRNRU674 NUNIU683 NZNZL64
OMOMN968 PAPAN507 PEPER51 PFPYF689 PGPNG675 PHPHL63 PKPAK92 PLPOL48 PMSPM508 PRPRI1 PSPSE970 PTPRT351 PWPLW680
PYPRY595 QAQAT974 REREU262 ROROU40 RSSRB381 RURUS7 RWRWA250 SASAU966 SBSLB677 SCSYC248 SDSDN249 SESWE46 SGSGP65
SHSHN290 SISVN386 SJSJM47 SKSVK421 SLSLE232 SMSMR378 SNSEN221 SOSOM252 SRSUR597 SSSSD211 STSTP239 SVSLV503
SXSXM1 SYSYR963 SZSWZ268 TCTCA1 TDTCD235 TGTGO228 THTHA66 TJTJK992 TKTKL690 TLTLS670 TMTKM993 TNTUN216 TOTON676
TRTUR90 TTTTO1 TVTUV688 TWTWN886 TZTZA255 UAUKR380 UGUGA256 USUSA1 UYURY598 UZUZB998 VAVAT39 VCVCT1 VEVEN58
VGVGB1 VIVIR1 VNVNM84 VUVUT678 WFWLF681 WSWSM685 XKXKX383 YEYEM967 YTMYT262 ZAZAF27 ZMZMB260 ZWZWE263
"""
"""Of each country the code of two letters, the one of three, and its country code."""

_FIRST = {"+1": "US", "+7": "RU", "+39": "IT", "+44": "GB", "+47": "NO", "+61": "AU", "+64": "NZ", "+212": "MA"}
_FIRST |= {"+246": "IO", "+262": "RE", "+290": "SH", "+358": "FI", "+500": "FK", "+590": "GP", "+599": "CW"}
"""Whose numbers those with a country code are that several countries share, where nothing tells them apart."""

_AREA_CODES = """
CA 204 226 236 249 250 257 263 289 306 343 354 365 367 368 382 403 416 418 428 431 437 438 450 468 474 506 514 519 548
CA 579 581 584 587 600 604 613 622 633 639 647 672 683 705 709 742 753 778 780 782 807 819 825 867 873 879 902 905 942
AG 268
AI 264
AS 684
BB 246
BM 441
BS 242
DM 767
DO 809 829 849
GD 473
GU 671
JM 658 876
KN 869
KY 345
LC 758
MP 670
MS 664
PR 787 939
SX 721
TC 649
TT 868
VC 784
VG 284
VI 340
"""
"""The area codes of North America that are not those of the United States."""

_WITHIN = """
AX 35818
BQ 5993 5994 5997
CC 6189162
CX 6189164
GG 441481 447781 447839 4479111 4479117
IM 441624 4474576 447524 447624 447924
JE 441534 447509 4477003 4477007 4477008 447797 447829 447937
KZ 76 77
SJ 4779
VA 3906698
YT 262269 262639
"""
"""How the numbers of countries begin that have a part of a larger one's."""


@cache
def _all() -> Mapping[str, tuple[str, str]]:
    found = {}
    for each in _COUNTRIES.split():
        found[each[:2]] = (each[2:5], f"+{each[5:]}")
    return MappingProxyType(found)


@cache
def _area_codes() -> Mapping[str, str]:
    lines = [line.split() for line in _AREA_CODES.strip().splitlines()]
    return MappingProxyType({code: country for country, *codes in lines for code in codes})


@cache
def _within() -> Mapping[str, tuple[str, ...]]:
    lines = [line.split() for line in _WITHIN.strip().splitlines()]
    return MappingProxyType({country: tuple(f"+{digits}" for digits in begins) for country, *begins in lines})


def is_known(country: str) -> bool:
    """Return whether there is a country with this code of two letters."""
    return country in _all()


def alpha3(country: str) -> str:
    """Return the code of three letters of a country; KeyError for none."""
    return _all()[country][0]


def code_of(country: str) -> str:
    """Return the country code of a country, with +; KeyError for none."""
    return _all()[country][1]


def of_prefix(prefix: str) -> str:
    """Return the country whose numbers begin with PREFIX, in E.164 form; "" where there is none.

    Of several with the same numbers it is the largest: +1 and toll-free numbers are those of the United States.
    """
    code = dialcode(prefix)
    if code == COUNTRY_CODE:
        return _area_codes().get(area_code(prefix) or "", "US")
    small = next((each for each, begins in _within().items() if prefix.startswith(begins)), "")
    return small or _FIRST.get(code) or next((each for each, (_, own) in _all().items() if own == code), "")


def begins_with(country: str, prefix: str) -> bool:
    """Return whether there can be numbers of COUNTRY that begin with PREFIX, in E.164 form."""
    if country not in _all() or code_of(country) != dialcode(prefix):
        return False
    area = area_code(prefix)
    if code_of(country) == COUNTRY_CODE:
        # An area code that is not whole yet, or with a star in it, is anybody's.
        whole = area is not None and re.fullmatch("[0-9]{3}", area) is not None
        return not whole or area in TOLL_FREE or of_prefix(prefix) == country
    if begins := _within().get(country):
        return any(each.startswith(prefix) or prefix.startswith(each) for each in begins)
    return not any(prefix.startswith(each) for each in _within().values())
