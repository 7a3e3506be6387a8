"""What codes, units, concepts and facets mean; offline."""
