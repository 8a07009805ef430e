# SPDX-License-Identifier: Apache-2.0
"""The other side: logs, publishers, witnesses and mirrors for the tests of updates, written a second
time, in Python, from the specifications (docs/formats/log.md, C2SP) and without any code of Vitrine's.

tlog      signed notes, checkpoints, cosignatures, RFC 6962 trees, tiles, bundles, policies
entries   the entries of an update log, deltas and chunks
parties   publisher, witnesses, mirrors, and the folder that they publish: honest ones, whose every
          step can be done wrongly on purpose
audit     reads a published folder as a monitor would, and says all that is wrong with it
servers   web servers: plain, slow, endless
"""
