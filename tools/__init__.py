"""What stands behind the commands of the Makefile; notebook 06 imports `tools.pad`."""
