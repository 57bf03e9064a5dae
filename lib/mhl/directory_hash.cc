#include "lib/mhl/directory_hash.h"

#include <algorithm>

#include "lib/base/check.h"

namespace crossdock::mhl {
namespace {

std::string_view ParentOf(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

// H over the raw digests of `list` in ascending order.
std::string HashOfList(HashFormat format, std::string_view list) {
  const size_t size = RawSize(format);
  std::vector<std::string_view> digests;
  digests.reserve(list.size() / size);
  for (size_t at = 0; at < list.size(); at += size) digests.push_back(list.substr(at, size));
  std::sort(digests.begin(), digests.end());
  Hasher hasher(format);
  for (const std::string_view digest : digests) hasher.Update(digest);
  return hasher.Finish();
}

}  // namespace

DirectoryHasher::DirectoryHasher(std::vector<HashFormat> formats) : formats_(std::move(formats)) { Of(""); }

std::vector<DirectoryHasher::Lists>& DirectoryHasher::Of(std::string_view directory) {
  const auto found = directories_.find(std::string(directory));
  if (found != directories_.end()) return found->second;
  if (!directory.empty()) Of(ParentOf(directory));
  return directories_.emplace(directory, std::vector<Lists>(formats_.size())).first->second;
}

void DirectoryHasher::AddChild(std::string_view path, size_t format, std::string_view content,
                               std::string_view structure) {
  Hasher hasher(formats_[format]);
  hasher.Update(path.substr(path.rfind('/') + 1));
  hasher.Update(structure);
  Lists& lists = Of(ParentOf(path))[format];
  lists.content += content;
  lists.structure += hasher.Finish();
}

void DirectoryHasher::AddFile(std::string_view path, const Digests& digests) {
  for (size_t i = 0; i < formats_.size(); ++i) {
    const auto digest = digests.find(formats_[i]);
    INVARIANT(digest != digests.end()) << "a file without its " << Name(formats_[i]);
    AddChild(path, i, digest->second, digest->second);
  }
}

void DirectoryHasher::AddDirectory(std::string_view path) { Of(path); }

std::map<std::string, std::vector<DirectoryHash>> DirectoryHasher::Finish() {
  std::vector<std::string> deepest_first;
  for (const auto& [path, lists] : directories_) deepest_first.push_back(path);
  const auto depth = [](const std::string& path) {
    return path.empty() ? -1 : std::count(path.begin(), path.end(), '/');
  };
  std::sort(deepest_first.begin(), deepest_first.end(),
            [&](const std::string& a, const std::string& b) { return depth(a) > depth(b); });
  std::map<std::string, std::vector<DirectoryHash>> finished;
  for (const std::string& path : deepest_first) {
    std::vector<DirectoryHash>& hashes = finished[path];
    const std::vector<Lists> all = std::move(directories_[path]);
    for (size_t i = 0; i < formats_.size(); ++i) {
      hashes.push_back(
          {formats_[i], HashOfList(formats_[i], all[i].content), HashOfList(formats_[i], all[i].structure)});
      if (!path.empty()) AddChild(path, i, hashes.back().content, hashes.back().structure);
    }
  }
  return finished;
}

}  // namespace crossdock::mhl
