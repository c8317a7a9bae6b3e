"""Download manifests: what a query chooses, written as the tools read it that fetch images.

`forms` says what each tool reads, `choosing` finds what a query chooses and what no manifest of that form can name.
"""
