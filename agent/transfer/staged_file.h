// Making and finishing one file of the staged tree.
#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "agent/storage/volume.h"
#include "lib/wire/manifest.h"

namespace crossdock::agent {

// Opens a new file at the entry's path below `data`, for reading and writing, with its space reserved where that costs
// nothing; one that is sparse at the source gets its size instead. When the name is taken, `may_replace` says whether
// what has it goes; otherwise the result is empty and OK.
absl::StatusOr<base::UniqueFd> MakeStagedFile(const Volume& volume, int data, const wire::Entry& entry,
                                              const std::function<bool()>& may_replace);

// How much of the file's `size` bytes has its space on the disk, whether it is written or reserved.
uint64_t SpaceOf(int fd, uint64_t size);
// Whether a new file for the entry has all of it; small ones are not looked at.
bool HasSpace(int fd, const wire::Entry& entry);

// Makes a range of it read as zeros, as a hole where the filesystem can, and gives the file its full size. Others may
// write elsewhere in it meanwhile.
absl::Status MakeHole(FileCalls& calls, int fd, const wire::Entry& entry, uint64_t offset, uint64_t length);

// Writes all of `bytes` at `offset`; `path` is for the error's sentence.
absl::Status WriteAllAt(FileCalls& calls, int fd, std::string_view bytes, uint64_t offset, const std::string& path);

// Gives a staged file with all its bytes the entry's permissions and time; returns its inode.
absl::StatusOr<uint64_t> FinishStagedFile(int fd, const wire::Entry& entry);

}  // namespace crossdock::agent
