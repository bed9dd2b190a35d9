"""The states and territories of the United States, by their names in small letters, and their two letters."""

from __future__ import annotations

_NAMES = """
alabama AL, alaska AK, american samoa AS, arizona AZ, arkansas AR, california CA, colorado CO, connecticut CT,
delaware DE, district of columbia DC, federated states of micronesia FM, florida FL, georgia GA, guam GU, hawaii HI,
idaho ID, illinois IL, indiana IN, iowa IA, kansas KS, kentucky KY, louisiana LA, maine ME, marshall islands MH,
maryland MD, massachusetts MA, michigan MI, minnesota MN, mississippi MS, missouri MO, montana MT, nebraska NE,
nevada NV, new hampshire NH, new jersey NJ, new mexico NM, new york NY, north carolina NC, north dakota ND,
northern mariana islands MP, ohio OH, oklahoma OK, oregon OR, palau PW, pennsylvania PA, puerto rico PR,
rhode island RI, south carolina SC, south dakota SD, tennessee TN, texas TX, utah UT, vermont VT, virgin islands VI,
virginia VA, washington WA, west virginia WV, wisconsin WI, wyoming WY
"""

LETTERS = {name: letters for name, _, letters in (each.strip().rpartition(" ") for each in _NAMES.split(","))}
"""The two letters of each state by its name."""
