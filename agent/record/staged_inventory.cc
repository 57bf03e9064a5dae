#include "agent/record/staged_inventory.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

#include "agent/storage/io_reason.h"
#include "lib/base/status.h"

namespace crossdock::agent {
namespace {

using wire::Entry;
using wire::EntryType;

// Of links that lead to links.
constexpr int kLinksMax = 16;
constexpr size_t kReadSize = 1u << 20;

// Where a link at `path` leads, within the package: it was checked that it does not lead out.
std::string TargetOfLink(const std::string& path, std::string_view target) {
  const size_t slash = path.rfind('/');
  std::string at = slash == std::string::npos ? "" : path.substr(0, slash);
  while (!target.empty()) {
    const size_t end = std::min(target.find('/'), target.size());
    const std::string_view name = target.substr(0, end);
    target.remove_prefix(std::min(end + 1, target.size()));
    if (name.empty() || name == ".") continue;
    if (name == "..") {
      const size_t above = at.rfind('/');
      at.resize(above == std::string::npos ? 0 : above);
    } else {
      if (!at.empty()) at += '/';
      at += name;
    }
  }
  return at;
}

}  // namespace

StagedInventory::StagedInventory(const Volume& volume, int data, const wire::Manifest& manifest,
                                 const LandedDigests& digests)
    : volume_(volume), data_(data), manifest_(manifest), digests_(digests) {
  const Entry* const first = manifest_.entries.data();
  for (uint32_t i = 0; i < manifest_.entries.size(); ++i) {
    const Entry& entry = manifest_.entries[i];
    const Entry* const end = Resolve(entry);
    if (end == nullptr || (end != &entry && end->type != EntryType::kFile)) continue;
    items_.push_back({i, static_cast<uint32_t>(end - first)});
  }
}

const Entry* StagedInventory::Resolve(const Entry& entry) const {
  const Entry* at = &entry;
  for (int links = 0; links < kLinksMax && at != nullptr; ++links) {
    switch (at->type) {
      case EntryType::kFile:
      case EntryType::kDirectory:
        return at;
      case EntryType::kHardLink:
        at = FindEntry(manifest_, *at->link_target);
        break;
      case EntryType::kSymlink:
        at = FindEntry(manifest_, TargetOfLink(at->path, *at->link_target));
        break;
    }
  }
  return nullptr;
}

mhl::Item StagedInventory::item(size_t index) const {
  const Entry& entry = manifest_.entries[items_[index].entry];
  const Entry& file = manifest_.entries[items_[index].file];
  const auto modified = std::chrono::floor<std::chrono::microseconds>(std::chrono::nanoseconds(file.mtime_ns));
  return {entry.path, entry.type == EntryType::kDirectory, file.size, base::Instant(modified)};
}

absl::StatusOr<mhl::Digests> StagedInventory::Hash(size_t index, const std::vector<mhl::HashFormat>& formats) {
  const uint32_t at = items_[index].file;
  mhl::Digests digests;
  std::vector<std::pair<mhl::HashFormat, mhl::Hasher>> hashers;
  for (const mhl::HashFormat format : formats) {
    if (format == mhl::HashFormat::kXxh128 && at < digests_.size() && digests_[at]) {
      digests[format].assign(digests_[at]->begin(), digests_[at]->end());
    } else {
      hashers.emplace_back(format, mhl::Hasher(format));
    }
  }
  if (hashers.empty()) return digests;
  const std::string& path = manifest_.entries[at].path;
  const base::UniqueFd fd = OpenBeneath(data_, path, O_RDONLY | O_NOFOLLOW);
  if (!fd) return DestinationError(errno, "cannot open the staging of", path);
  std::string bytes(kReadSize, '\0');
  while (true) {
    const ssize_t got = volume_.calls().Read(fd.get(), bytes.data(), bytes.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return DestinationError(errno, "cannot read the staging of", path);
    if (got == 0) break;
    for (auto& [format, hasher] : hashers) hasher.Update(std::string_view(bytes).substr(0, static_cast<size_t>(got)));
  }
  for (auto& [format, hasher] : hashers) digests[format] = hasher.Finish();
  return digests;
}

}  // namespace crossdock::agent
