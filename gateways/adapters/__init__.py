"""One module a family of outside services. They speak HTTP and nothing else: no database, no settings, no
rule.
"""
