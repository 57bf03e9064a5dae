"""What a delivered package consists of."""

RECORD = "ascmhl"


def content(folder):
    """The bytes of each file below `folder`, by its path: what was sent, without the integrity record that landing adds."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*"))
            if path.is_file() and RECORD not in path.relative_to(folder).parts}


def manifests(folder):
    """The generations of its integrity record, the oldest first."""
    return sorted((folder / RECORD).glob("*.mhl"))
