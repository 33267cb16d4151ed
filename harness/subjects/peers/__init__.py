"""Third-party guards, each behind the contract as its authors document its use.

They are other people's work. An adapter adds nothing to its guard and takes nothing away, and says nothing of it but
what its authors say.
"""
