#include "cli/audit_read.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "lib/base/encoding.h"
#include "lib/base/file.h"
#include "lib/base/status.h"

namespace crossdock::cli {
namespace {

using transparency::CheckpointNote;
using transparency::Hash;

constexpr size_t kStatementSizeMax = 64u << 10;
constexpr size_t kHexHash = 2 * sizeof(Hash);

template <typename... Parts>
absl::Status Malformed(const Parts&... parts) {
  return base::WithReason(base::InvalidArgument(parts...), "PACK_MALFORMED");
}

std::string At(const std::string& directory, std::string_view name) { return base::StrCat(directory, "/", name); }

bool IsThere(const std::string& path) {
  std::error_code error;
  return std::filesystem::symlink_status(path, error).type() != std::filesystem::file_type::not_found;
}

// A pipe would never end, and a link leads out of the pack.
absl::Status CheckRegular(const std::string& path) {
  std::error_code error;
  const auto type = std::filesystem::symlink_status(path, error).type();
  if (type == std::filesystem::file_type::not_found) return Malformed("there is no ", path);
  if (type != std::filesystem::file_type::regular) return Malformed(path, " is no regular file");
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadSmall(const std::string& path, size_t size_max) {
  RETURN_IF_ERROR(CheckRegular(path));
  return base::ReadFile(path, size_max);
}

// The lines of a file, each of at most `size_max` bytes.
class Lines {
 public:
  static absl::StatusOr<Lines> Open(const std::string& path, size_t size_max) {
    RETURN_IF_ERROR(CheckRegular(path));
    Lines lines(path, size_max);
    if (!lines.in_) return base::PermissionDenied("cannot read ", path);
    return lines;
  }

  // False at the end. `line` is without its line feed; `ended` says whether it had one.
  absl::StatusOr<bool> Next(std::string& line, bool& ended) {
    if (in_.eof()) return false;
    in_.getline(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
    const auto count = static_cast<size_t>(in_.gcount());
    ended = !in_.eof();
    if (!in_ && ended) {
      return base::WithReason(
          base::InvalidArgument(path_, ": line ", number_ + 1, " is longer than ", buffer_.size() - 1, " bytes"),
          "PACK_TOO_LARGE");
    }
    if (count == 0) return false;
    ++number_;
    line.assign(buffer_.data(), ended ? count - 1 : count);
    return true;
  }

 private:
  Lines(const std::string& path, size_t size_max) : path_(path), in_(path, std::ios::binary), buffer_(size_max + 1) {}

  std::string path_;
  std::ifstream in_;
  std::vector<char> buffer_;
  size_t number_ = 0;
};

// A line that is no hash is a hash that nothing has.
Hash HashIn(const std::string& line) {
  const absl::StatusOr<std::string> bytes = base::FromHex(line);
  const auto hash = transparency::HashOf(bytes.ok() ? *bytes : "");
  return hash.ok() ? *hash : Hash{};
}

absl::StatusOr<std::vector<std::string>> ListFiles(const std::string& directory, std::string_view extension,
                                                   size_t count_max) {
  std::vector<std::string> files;
  if (!IsThere(directory)) return files;
  std::error_code error;
  if (std::filesystem::symlink_status(directory, error).type() != std::filesystem::file_type::directory) {
    return Malformed(directory, " is no directory");
  }
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    if (entry.path().extension() != extension) continue;
    if (files.size() == count_max) return Malformed(directory, " has more than ", count_max, " files");
    files.push_back(entry.path());
  }
  if (error) return base::Errno(error.value(), "cannot list ", directory);
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

absl::StatusOr<PackHead> ReadPackHead(const std::string& directory) {
  PackHead head;
  ASSIGN_OR_RETURN(const std::string about, ReadSmall(At(directory, "about.txt"), 4096));
  ASSIGN_OR_RETURN(head.about, AuditAbout::Parse(about));
  if (head.about.end - head.about.first > kPackLeavesMax) {
    return base::WithReason(base::InvalidArgument("about.txt speaks of ", head.about.end - head.about.first,
                                                  " leaves; at most ", kPackLeavesMax, " are verified at once"),
                            "PACK_TOO_LARGE");
  }
  ASSIGN_OR_RETURN(head.checkpoint, ReadNote(At(directory, "checkpoint.txt")));
  ASSIGN_OR_RETURN(const std::string proof, ReadSmall(At(directory, "proof.txt"), kStatementSizeMax));
  ASSIGN_OR_RETURN(head.proof, ParseProof(proof));
  ASSIGN_OR_RETURN(std::string key, ReadSmall(At(directory, "log.key"), 1024));
  if (key.ends_with('\n')) key.pop_back();
  const auto parsed = transparency::NoteKey::Parse(key);
  if (!parsed.ok()) return base::Annotate(parsed.status(), "log.key");
  head.key = *parsed;
  return head;
}

absl::StatusOr<PackLeaves> ReadPackLeaves(const std::string& directory, const AuditAbout& about) {
  PackLeaves read;
  const uint64_t count = about.end - about.first;
  ASSIGN_OR_RETURN(Lines leaves, Lines::Open(At(directory, "leaves.jsonl"), kPackLeafSizeMax));
  ASSIGN_OR_RETURN(Lines hashes, Lines::Open(At(directory, "hashes.txt"), kHexHash));
  std::string leaf, hex;
  bool ended = true;
  while (read.hashes.size() < count) {
    ASSIGN_OR_RETURN(const bool is_leaf, leaves.Next(leaf, ended));
    if (!is_leaf) break;
    const bool gone = leaf.empty();
    if (ended) leaf += '\n';
    read.hashes.push_back(transparency::LeafHash(leaf));
    ASSIGN_OR_RETURN(const bool is_hash, hashes.Next(hex, ended));
    if (!is_hash) continue;
    read.said.push_back(HashIn(hex));
    if (read.said.back() != read.hashes.back() && !read.parted) {
      read.parted = about.first + read.hashes.size() - 1;
      read.gone = gone;
    }
  }
  ASSIGN_OR_RETURN(read.more, leaves.Next(leaf, ended));
  while (read.said.size() < count) {
    ASSIGN_OR_RETURN(const bool is_hash, hashes.Next(hex, ended));
    if (!is_hash) break;
    read.said.push_back(HashIn(hex));
  }
  return read;
}

absl::Status ReadPackCheckpoints(const std::string& directory, const std::function<void(const CheckpointNote&)>& take) {
  const std::string path = At(directory, "checkpoints.txt");
  if (!IsThere(path)) return absl::OkStatus();
  ASSIGN_OR_RETURN(Lines lines, Lines::Open(path, transparency::kNoteSizeMax));
  std::string note, line;
  bool ended = true;
  uint64_t size = 0;
  // A note has one empty line in it, before its signatures, and one behind it.
  for (size_t number = 1, gaps = 0;;) {
    ASSIGN_OR_RETURN(const bool more, lines.Next(line, ended));
    if (!more) return note.empty() ? absl::OkStatus() : Malformed("checkpoints.txt: note ", number, " has no end");
    gaps += line.empty() ? 1 : 0;
    if (gaps < 2) {
      note += line + "\n";
      if (note.size() > transparency::kNoteSizeMax) return Malformed("checkpoints.txt: note ", number, " is too long");
      continue;
    }
    const absl::StatusOr<CheckpointNote> read = transparency::ParseCheckpointNote(note);
    if (!read.ok()) return base::Annotate(read.status(), base::StrCat("checkpoints.txt, note ", number));
    if (read->checkpoint.size <= size) {
      return Malformed("checkpoints.txt: note ", number, " is of ", read->checkpoint.size,
                       " leaves, and the one before it of ", size);
    }
    size = read->checkpoint.size;
    take(*read);
    note.clear();
    gaps = 0;
    ++number;
  }
}

absl::StatusOr<std::vector<PackWitness>> ReadPackWitnesses(const std::string& directory) {
  std::vector<PackWitness> witnesses;
  ASSIGN_OR_RETURN(const auto files, ListFiles(At(directory, "witnesses"), ".identity", kPackWitnessesMax));
  for (const std::string& path : files) {
    PackWitness& witness = witnesses.emplace_back();
    ASSIGN_OR_RETURN(witness.identity, ReadSmall(path, kStatementSizeMax));
    ASSIGN_OR_RETURN(witness.grant,
                     ReadSmall(std::filesystem::path(path).replace_extension(".grant"), kStatementSizeMax));
  }
  return witnesses;
}

absl::StatusOr<CheckpointNote> ReadNote(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string bytes, ReadSmall(path, transparency::kNoteSizeMax));
  absl::StatusOr<CheckpointNote> note = transparency::ParseCheckpointNote(bytes);
  if (!note.ok()) return base::Annotate(note.status(), path);
  return note;
}

absl::StatusOr<std::vector<std::string>> ListPackHeld(const std::string& directory) {
  return ListFiles(At(directory, "held"), ".note", kPackWitnessesMax);
}

}  // namespace crossdock::cli
