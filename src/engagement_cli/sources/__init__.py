"""Where logs come from: which files, of which day, and their bytes whatever the compression."""
