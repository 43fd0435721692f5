"""Tools of those who work on Swath: the local cloud, packaging, deployment, tokens, benchmarks."""
