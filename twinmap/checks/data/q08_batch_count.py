"""The trailer of an HL7 v2 batch states another count than there is, or is not there.

What it means:
    BTS-1 counts the messages of a batch, FTS-1 the batches of a file. The number differs from what was
    read, is not a number, or there is no trailer to check, or a trailer without its header.

Why it matters:
    The count is the sender's own statement of what was sent. What is missing was lost on the way.

Example:
    BTS-1 says 120 messages, there are 118

What to do:
    Ask the sender for the batch again. All messages that are there have been read. Some senders count
    messages in FTS-1; then the finding can be lowered with ``severity`` in the project.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.WARNING
HELP = "ask the sender for the batch again; all messages that are there have been read"
