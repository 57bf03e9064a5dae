// What the staged tree holds besides the bytes of its files: directories, links, permissions, times, attributes.
//
// Directories are made as the manifest arrives, so that files can land in them; the rest when every file has landed.
// `data` is the open root of the tree. Errors are those of the destination, and name the entry.
#pragma once

#include <span>

#include "absl/status/status.h"
#include "agent/storage/volume.h"
#include "lib/wire/manifest.h"

namespace crossdock::agent {

// Makes the directories among `entries`, which stand in the manifest's order. One that is there already is fine.
absl::Status MakeStagedDirectories(const Volume& volume, int data, std::span<const wire::Entry> entries);

// Gives files their extended attributes, makes the links, then gives directories their permissions and times, the inner
// ones first; every file must have landed. Where the filesystem cannot link, a hard link becomes a copy; where it takes
// no attributes, or the volume's configuration drops them, they stay behind, and the log says so once. May be called
// again after a failure. With `durable`, what it gave to files is synced; directories are left to the caller.
absl::Status FinishStagedTree(const Volume& volume, int data, const wire::Manifest& manifest, bool durable);

}  // namespace crossdock::agent
