// What the staged tree holds besides the bytes of its files: directories, links, permissions.
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

// Makes the links, then gives directories their permissions, the inner ones first; every file must have landed. May be
// called again after a failure. Nothing is made durable here.
absl::Status FinishStagedTree(const Volume& volume, int data, const wire::Manifest& manifest);

}  // namespace crossdock::agent
