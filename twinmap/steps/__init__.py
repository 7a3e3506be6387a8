"""The steps of a run, one file each; :mod:`twinmap.api` puts them in order."""
