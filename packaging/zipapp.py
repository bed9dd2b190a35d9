import sys

this = "{}.{}".format(*sys.version_info)
if this != "@PYTHON@":
    sys.exit(f"sup: this file is made for Python @PYTHON@, not for {this}: python@PYTHON@ sup.pyz")
