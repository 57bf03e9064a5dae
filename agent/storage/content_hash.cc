#include "agent/storage/content_hash.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "agent/storage/io_reason.h"
#include "agent/storage/source_file.h"
#include "lib/base/status.h"
#include "lib/wire/reason.h"

namespace crossdock::agent {

absl::StatusOr<std::string> HashContent(const Volume& volume, const std::string& root, wire::Manifest* manifest,
                                        std::atomic<uint64_t>* bytes_done, std::stop_token stop) {
  const base::UniqueFd package = OpenBeneath(volume.root(), root, O_RDONLY | O_DIRECTORY);
  if (!package) return SourceError(errno, "cannot open", root);
  std::vector<char> buffer(1u << 20);
  base::Sha256Stream sha256;
  for (wire::Entry& entry : manifest->entries) {
    if (entry.type != wire::EntryType::kFile) continue;
    ASSIGN_OR_RETURN(SourceFile file, SourceFile::Open(package.get(), entry, volume.calls()));
    uint64_t total = 0;
    while (total < entry.size) {
      if (stop.stop_requested()) return Fail(wire::Reason::kCancelled, "the hashing was stopped");
      const Stretch stretch = file.StretchFrom(total, std::min(entry.size, total + buffer.size()));
      size_t got = stretch.length;
      if (stretch.hole) {
        std::fill_n(buffer.begin(), got, '\0');
      } else {
        ASSIGN_OR_RETURN(got, file.ReadAt(total, buffer.data(), got));
      }
      sha256.Update({buffer.data(), got});
      total += got;
      if (bytes_done != nullptr) bytes_done->fetch_add(got, std::memory_order_relaxed);
    }
    RETURN_IF_ERROR(file.CheckUnchanged());
    if (total != entry.size) {
      return Fail(wire::Reason::kSourceChanged, "'", base::PercentEscape(entry.path), "' has another size than listed");
    }
    const std::string digest = sha256.Finish();
    std::copy(digest.begin(), digest.end(), reinterpret_cast<char*>(entry.sha256.emplace().data()));
  }
  return wire::ContentRoot(*manifest);
}

}  // namespace crossdock::agent
