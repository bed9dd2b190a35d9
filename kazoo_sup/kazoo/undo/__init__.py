"""Taking back what a run changed, and making it again: the journal read backwards, through the one door for writes.

`chain` finds which runs' changes are to be taken back, `index` what of each document, `judging` whether somebody edited
it since, `walking` does it.
"""
