// Manifests and chains as XML, element by element in the order of the format, in pieces of moderate size.
//
// Pure. Strings have to be UTF-8 without control characters: MHL_NAME_NOT_WRITABLE otherwise.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "lib/mhl/manifest.h"

namespace crossdock::mhl {

// Of what this program says in metadata, where the format has no word for it: <replaced/>, of a file.
inline constexpr std::string_view kMetadataNamespace = "urn:crossdock:record:1";

// Takes the document's bytes in their order.
using Sink = std::function<absl::Status(std::string_view bytes)>;

// Head, records, end: in this order, once each but for the records. Not thread-safe.
class ManifestWriter {
 public:
  explicit ManifestWriter(Sink sink) : sink_(std::move(sink)) {}
  absl::Status Begin(const ManifestHead& head);
  absl::Status Add(const FileRecord& record);
  absl::Status Add(const DirectoryRecord& record);
  absl::Status End(const std::vector<Reference>& references);

 private:
  absl::Status OpenHashes();
  absl::Status Flush(size_t above);

  Sink sink_;
  std::string text_;
  bool hashes_ = false;
};

// A whole manifest at once.
absl::StatusOr<std::string> WriteManifest(const Manifest& manifest);
absl::StatusOr<std::string> WriteChain(const Chain& chain);

}  // namespace crossdock::mhl
