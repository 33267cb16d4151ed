"""Tasks that run in the tree's own interpreter. All but `import_chains` need only its standard library."""
