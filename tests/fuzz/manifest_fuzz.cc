// Any bytes as a manifest: what is taken encodes and digests back to itself, and no link of it leads out - not by
// itself, and not by way of the others.
#include <map>

#include "lib/wire/manifest.h"
#include "lib/wire/name.h"
#include "tests/fuzz/properties.h"
#include "tests/fuzz/targets.h"

namespace crossdock::fuzz {
namespace {

// Chunks as they stand in `input`: each a length of three bytes, and that many bytes.
wire::Manifest Decode(std::string_view input, bool* whole) {
  wire::Manifest manifest;
  wire::ManifestDecoder decoder;
  while (input.size() >= 3) {
    const auto byte = [&](size_t i) { return static_cast<size_t>(static_cast<unsigned char>(input[i])); };
    const size_t size = std::min(byte(0) << 16 | byte(1) << 8 | byte(2), input.size() - 3);
    const absl::Status added = decoder.Add(input.substr(3, size), &manifest);
    if (!added.ok()) {
      CheckRefusal(added);
      *whole = false;
      return manifest;
    }
    *whole = true;
    input.remove_prefix(3 + size);
  }
  return manifest;
}

// Walks `target` from the directory `at` as a kernel would, link after link.
class Walk {
 public:
  explicit Walk(const wire::Manifest& manifest) {
    for (const wire::Entry& entry : manifest.entries) {
      if (entry.type == wire::EntryType::kSymlink) links_[entry.path] = *entry.link_target;
    }
  }

  void FromEachLink() {
    for (const auto& [path, target] : links_) {
      links_followed_ = 0;
      const size_t slash = path.rfind('/');
      Follow(slash == std::string::npos ? "" : path.substr(0, slash), target);
    }
  }

 private:
  static constexpr int kLinksMax = 40;  // then a kernel says ELOOP, and the whole walk has led nowhere

  // Where the walk ends.
  std::string Follow(std::string at, std::string_view target) {
    ++links_followed_;
    INVARIANT(!target.empty() && target.front() != '/') << "an absolute link";
    while (links_followed_ <= kLinksMax) {
      const size_t slash = target.find('/');
      const std::string_view name = target.substr(0, slash);
      if (name == "..") {
        INVARIANT(!at.empty()) << "a link leads out of its package";
        const size_t parent = at.rfind('/');
        at.resize(parent == std::string::npos ? 0 : parent);
      } else if (!name.empty() && name != ".") {
        const std::string next = at.empty() ? std::string(name) : base::StrCat(at, "/", name);
        const auto link = links_.find(next);
        at = link == links_.end() ? next : Follow(at, link->second);
      }
      if (slash == std::string_view::npos) return at;
      target.remove_prefix(slash + 1);
    }
    return at;
  }

  std::map<std::string, std::string> links_;
  int links_followed_ = 0;
};

}  // namespace

bool FuzzManifest(std::string_view input) {
  bool whole = false;
  const wire::Manifest manifest = Decode(input, &whole);
  if (!whole) return false;
  for (size_t i = 0; i < manifest.entries.size(); ++i) {
    const wire::Entry& entry = manifest.entries[i];
    INVARIANT(!wire::CheckPath(entry.path)) << base::PercentEscape(entry.path);
    INVARIANT(i == 0 || manifest.entries[i - 1].path < entry.path) << "not in order";
    INVARIANT(wire::CheckEntry(entry).ok()) << "an unsound entry came through";
    if (entry.type == wire::EntryType::kHardLink) {
      const wire::Entry* file = wire::FindEntry(manifest, *entry.link_target);
      INVARIANT(file != nullptr && file < &entry && file->type == wire::EntryType::kFile) << "a name of no file";
    }
  }
  Walk(manifest).FromEachLink();

  wire::Manifest again;
  wire::ManifestDecoder decoder;
  for (wire::ManifestEncoder encoder(manifest, 64); !encoder.done();) {
    const absl::Status added = decoder.Add(encoder.NextChunk(), &again);
    INVARIANT(added.ok()) << "what was read cannot be sent on: " << added;
  }
  INVARIANT(wire::ListingDigest(again) == wire::ListingDigest(manifest)) << "another listing";
  INVARIANT(manifest.hashed() == again.hashed() && again.bytes() == manifest.bytes()) << "another content";
  const absl::StatusOr<std::string> root = wire::ContentRoot(manifest);
  INVARIANT(root.ok() == manifest.hashed()) << root.status();
  if (root.ok()) INVARIANT(*wire::ContentRoot(again) == *root) << "another content root";
  return true;
}

}  // namespace crossdock::fuzz
