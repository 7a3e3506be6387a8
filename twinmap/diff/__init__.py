"""Two sides compared: runs, sources of a run, graphs; what each says, and whether they mean the same.

A side is a folder of statement tables. The statements of both are united as two sources, ``A`` and ``B``, and
compared as the sources of a run are; beside that it is counted which statements are the very same.
"""
