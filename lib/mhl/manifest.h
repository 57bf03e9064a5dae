// What a manifest of ASC MHL v2.0 says, as plain values.
//
// Paths are relative to the folder that holds `ascmhl/`: UTF-8, `/` between names, no `..`. Digests are raw (hash.h).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "lib/base/clock.h"
#include "lib/mhl/hash.h"

namespace crossdock::mhl {

inline constexpr size_t kPathSizeMax = 4095;
inline constexpr size_t kRecordsMax = 4'000'000;

// Reasons (base::ReasonOf) that programs tell apart.
inline constexpr std::string_view kReasonNoHistory = "MHL_NO_HISTORY";
inline constexpr std::string_view kReasonNoChain = "MHL_NO_CHAIN";
inline constexpr std::string_view kReasonManifestMissing = "MHL_MANIFEST_MISSING";
inline constexpr std::string_view kReasonManifestAltered = "MHL_MANIFEST_ALTERED";
inline constexpr std::string_view kReasonChainInvalid = "MHL_CHAIN_INVALID";  // numbers, names
inline constexpr std::string_view kReasonXml = "MHL_XML_INVALID";
inline constexpr std::string_view kReasonXmlDtd = "MHL_XML_DTD";
inline constexpr std::string_view kReasonTooLarge = "MHL_TOO_LARGE";
inline constexpr std::string_view kReasonInvalid = "MHL_INVALID";                // well-formed, and against the format
inline constexpr std::string_view kReasonNotWritable = "MHL_NAME_NOT_WRITABLE";  // a name that XML cannot hold

enum class Action { kOriginal, kVerified, kFailed };
std::string_view Name(Action action);

enum class Process { kInPlace, kTransfer, kFlatten };
std::string_view Name(Process process);  // "in-place"
std::optional<Process> ParseProcess(std::string_view name);

struct Author {
  std::string name;
  std::string email, phone, role;  // may be empty
};

struct Creator {
  base::Instant created;
  std::string hostname;
  std::string tool, tool_version;
  std::vector<Author> authors;
  std::string location, comment;  // may be empty
};

struct FileHash {
  HashFormat format = HashFormat::kXxh128;
  std::string raw;
  Action action = Action::kOriginal;
  std::optional<base::Instant> hashed;
};

struct FileRecord {
  std::string path;
  std::optional<uint64_t> size;
  std::optional<base::Instant> modified;
  std::vector<FileHash> hashes;
  std::string previous_path;  // empty: not renamed in this generation
  bool replaced = false;      // another file took the name: what was known of it before is over
};

// Of a directory in one format.
struct DirectoryHash {
  HashFormat format = HashFormat::kXxh128;
  std::string content, structure;
};

struct DirectoryRecord {
  std::string path;
  std::optional<base::Instant> modified;
  std::vector<DirectoryHash> hashes;
};

// Another history's manifest, below this one's folder.
struct Reference {
  std::string path;
  std::string c4;  // text
};

struct ManifestHead {
  Creator creator;
  Process process = Process::kInPlace;
  std::vector<DirectoryHash> root;
  std::vector<std::string> ignore;
};

struct Manifest : ManifestHead {
  std::vector<FileRecord> files;
  std::vector<DirectoryRecord> directories;
  std::vector<Reference> references;
};

// One line of ascmhl_chain.xml or ascmhl_collection.xml.
struct ChainLink {
  uint32_t number = 0;
  std::string path;
  std::string c4;  // text
};
using Chain = std::vector<ChainLink>;

// MHL_INVALID unless `path` is relative, without empty, `.` or `..` components, and at most kPathSizeMax bytes.
absl::Status CheckPath(std::string_view path);

// "0002_A002_2026-11-20_102316Z.mhl". Time in UTC, whole seconds.
std::string ManifestName(uint32_t number, std::string_view folder, base::Instant began);
// The number at the start of a manifest's name; nothing when it is not such a name.
std::optional<uint32_t> NumberOf(std::string_view manifest_name);

}  // namespace crossdock::mhl
