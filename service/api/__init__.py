"""HTTP: one file of routes for each thing that is asked, and one table of errors."""
