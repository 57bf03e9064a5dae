#include "agent/record/record_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "agent/storage/io_reason.h"
#include "agent/storage/tree.h"
#include "lib/base/status.h"
#include "lib/mhl/read.h"

namespace crossdock::agent {
namespace {

constexpr std::string_view kFolder = mhl::kFolder;
constexpr size_t kChainMax = 16u << 20;

std::string_view Above(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

std::string_view LastOf(std::string_view path) { return path.substr(path.rfind('/') + 1); }

absl::Status WriteAll(FileCalls& calls, int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t put = calls.Write(fd, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return DestinationError(put < 0 ? errno : ENOSPC, "cannot write", path);
    bytes.remove_prefix(static_cast<size_t>(put));
  }
  return absl::OkStatus();
}

}  // namespace

bool IsRecordFolder(std::string_view path) { return LastOf(path) == kFolder; }

std::string_view RecordFolderOf(std::string_view path) {
  const std::string_view above = Above(path);
  return IsRecordFolder(above) ? above : std::string_view();
}

bool IsRecordChain(std::string_view path) { return !RecordFolderOf(path).empty() && LastOf(path) == mhl::kChainName; }

bool Stands(int directory, const std::string& path) {
  std::string name;
  const base::UniqueFd parent = OpenParent(directory, path, &name);
  return parent && faccessat(parent.get(), name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

absl::StatusOr<std::string> ReadRecordFile(const Volume& volume, int directory, const std::string& path,
                                           size_t size_max) {
  const base::UniqueFd fd = OpenBeneath(directory, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  if (!fd && errno == ENOENT) return base::NotFound("'", base::PercentEscape(path), "' is not there");
  struct stat info {};
  if (!fd || fstat(fd.get(), &info) != 0) return DestinationError(errno, "cannot open", path);
  if (!S_ISREG(info.st_mode)) {
    return base::WithReason(base::FailedPrecondition("'", base::PercentEscape(path), "' is no file"),
                            mhl::kReasonInvalid);
  }
  if (static_cast<uint64_t>(info.st_size) > size_max) {
    return base::WithReason(base::InvalidArgument("'", base::PercentEscape(path), "' has more than ", size_max,
                                                  " bytes: too much for an integrity record"),
                            mhl::kReasonTooLarge);
  }
  std::string bytes(static_cast<size_t>(info.st_size), '\0');
  size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t got = volume.calls().Read(fd.get(), bytes.data() + have, bytes.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return DestinationError(errno, "cannot read", path);
    if (got == 0) break;
    have += static_cast<size_t>(got);
  }
  bytes.resize(have);
  return bytes;
}

std::optional<mhl::Chain> ContinuedRecord(const Volume& volume, int data, const std::string& staged, int root,
                                          const std::string& there) {
  const auto after = ReadRecordFile(volume, root, there, kChainMax);
  if (!after.ok()) return std::nullopt;
  auto grown = mhl::ReadChain(*after, there);
  if (!grown.ok()) return std::nullopt;
  mhl::Chain chain;
  if (!staged.empty()) {
    const auto before = ReadRecordFile(volume, data, staged, kChainMax);
    if (!before.ok()) return std::nullopt;
    auto read = mhl::ReadChain(*before, staged);
    if (!read.ok()) return std::nullopt;
    chain = *std::move(read);
  }
  if (chain.size() > grown->size()) return std::nullopt;
  const auto same = [](const mhl::ChainLink& a, const mhl::ChainLink& b) { return a.path == b.path && a.c4 == b.c4; };
  if (!std::equal(chain.begin(), chain.end(), grown->begin(), same)) return std::nullopt;
  const auto as_chained = [&](const mhl::ChainLink& link) {
    const std::string path = mhl::Below(Above(there), link.path);
    const auto manifest = ReadRecordFile(volume, root, path, mhl::kManifestSizeMax);
    return manifest.ok() && mhl::C4Of(*manifest) == link.c4;
  };
  const auto added = grown->begin() + static_cast<ptrdiff_t>(chain.size());
  if (!std::all_of(added, grown->end(), as_chained)) return std::nullopt;
  return *std::move(grown);
}

absl::StatusOr<std::vector<std::string>> TreeRecordFiles::List(const std::string& directory) {
  const base::UniqueFd fd = OpenBeneath(tree_, directory, O_RDONLY | O_DIRECTORY);
  if (!fd && errno == ENOENT) return base::NotFound("there is no '", base::PercentEscape(directory), "'");
  if (!fd) return DestinationError(errno, "cannot open", directory);
  return ListDirectory(fd.get(), directory);
}

absl::StatusOr<std::vector<std::string>> StagedRecordFiles::List(const std::string& directory) {
  const wire::Entry* const folder = FindEntry(manifest_, directory);
  if (folder == nullptr || folder->type != wire::EntryType::kDirectory) {
    return base::NotFound("there is no '", base::PercentEscape(directory), "'");
  }
  std::vector<std::string> names;
  // What is in a directory stands after it, though other names may come between.
  const wire::Entry* const end = manifest_.entries.data() + manifest_.entries.size();
  for (const wire::Entry* entry = folder + 1; entry != end && entry->path.starts_with(directory); ++entry) {
    if (mhl::IsBelow(directory, entry->path) && Above(entry->path) == directory)
      names.emplace_back(LastOf(entry->path));
  }
  return names;
}

absl::StatusOr<std::string> TreeRecordFiles::Read(const std::string& path, size_t size_max) {
  return ReadRecordFile(volume_, tree_, path, size_max);
}

absl::Status TreeRecordFiles::MakeDirectory(const std::string& path) {
  std::string name;
  const base::UniqueFd parent = OpenParent(tree_, path, &name);
  if (!parent) return DestinationError(errno, "cannot open the place of", path);
  if (volume_.calls().MakeDirectory(parent.get(), name, 0755) != 0) {
    return errno == EEXIST ? absl::OkStatus() : DestinationError(errno, "cannot make", path);
  }
  // Whatever this program's own files are, these are for everybody who may see the package.
  if (fchmodat(parent.get(), name.c_str(), 0755, 0) == 0 && volume_.calls().Sync(parent.get()) == 0) {
    return absl::OkStatus();
  }
  return DestinationError(errno, "cannot make durable", path);
}

absl::Status TreeRecordFiles::Write(const std::string& path,
                                    const std::function<absl::Status(const mhl::Sink&)>& fill) {
  constexpr char kNew[] = ".record.new";
  FileCalls& calls = volume_.calls();
  std::string name;
  const base::UniqueFd parent = OpenParent(tree_, path, &name);
  if (!parent) return DestinationError(errno, "cannot open the place of", path);
  calls.Unlink(parent.get(), kNew, 0);
  const base::UniqueFd fd(calls.Create(parent.get(), kNew, O_WRONLY, 0644));
  if (!fd) return DestinationError(errno, "cannot make", path);
  RETURN_IF_ERROR(fill([&](std::string_view bytes) { return WriteAll(calls, fd.get(), bytes, path); }));
  if (fchmod(fd.get(), 0644) != 0 || calls.Sync(fd.get()) != 0 ||
      calls.Rename(parent.get(), kNew, parent.get(), name) != 0 || calls.Sync(parent.get()) != 0) {
    return DestinationError(errno, "cannot make durable", path);
  }
  return absl::OkStatus();
}

}  // namespace crossdock::agent
