"""What is measured, a module a group of scenarios. Each fills `Results`."""
