#include "lib/mhl/read.h"

#include <map>
#include <span>
#include <unordered_set>

#include "absl/strings/numbers.h"
#include "lib/base/check.h"
#include "lib/base/status.h"
#include "lib/mhl/write.h"
#include "lib/mhl/xml_reader.h"

namespace crossdock::mhl {
namespace {

using Attributes = XmlHandler::Attributes;

template <typename... Parts>
absl::Status Invalid(const Parts&... parts) {
  return base::WithReason(base::InvalidArgument(parts...), kReasonInvalid);
}

// A name that is none of ours, for a message.
std::string Shown(std::string_view name) { return base::PercentEscape(name.substr(0, 100)); }

bool IsBlank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

// What may stand in an element: in this order, unless `place` is that of the one before (a choice, in any order).
struct Child {
  const char* name;
  int place;
  bool many = false;
};
struct Element {
  std::vector<Child> children;    // none: the element is text
  std::vector<std::string> must;  // children that have to be there
};

constexpr std::array<const char*, 7> kHashNames = {"c4", "md5", "sha1", "xxh128", "xxh3", "xxh64", "xxh32"};

std::vector<Child> WithHashes(std::vector<Child> before, std::vector<Child> after) {
  for (const char* name : kHashNames) before.push_back({name, 10, true});
  before.insert(before.end(), after.begin(), after.end());
  return before;
}

// The path of an element from the root to what may stand in it.
const std::map<std::string, Element, std::less<>>& Schema() {
  static const auto* const schema = new std::map<std::string, Element, std::less<>>{
      {"", {{{"hashlist", 1}, {"ascmhldirectory", 1}}, {}}},
      {"/hashlist",
       {{{"creatorinfo", 1}, {"processinfo", 2}, {"hashes", 3}, {"metadata", 4}, {"references", 5}},
        {"creatorinfo", "processinfo"}}},
      {"/hashlist/creatorinfo",
       {{{"creationdate", 1}, {"hostname", 2}, {"tool", 3}, {"author", 4, true}, {"location", 5}, {"comment", 6}},
        {"creationdate", "hostname", "tool"}}},
      {"/hashlist/processinfo", {{{"process", 1}, {"roothash", 2}, {"ignore", 3}}, {"process"}}},
      {"/hashlist/processinfo/roothash", {{{"content", 1}, {"structure", 2}}, {"content", "structure"}}},
      {"/hashlist/processinfo/roothash/content", {WithHashes({}, {}), {}}},
      {"/hashlist/processinfo/roothash/structure", {WithHashes({}, {}), {}}},
      {"/hashlist/processinfo/ignore", {{{"pattern", 1, true}}, {"pattern"}}},
      {"/hashlist/hashes", {{{"hash", 1, true}, {"directoryhash", 1, true}}, {}}},
      {"/hashlist/hashes/hash", {WithHashes({{"path", 1}}, {{"previousPath", 11}, {"metadata", 12}}), {"path"}}},
      {"/hashlist/hashes/directoryhash",
       {{{"path", 1}, {"content", 2}, {"structure", 3}, {"previousPath", 4}, {"metadata", 5}},
        {"path", "content", "structure"}}},
      {"/hashlist/hashes/directoryhash/content", {WithHashes({}, {}), {}}},
      {"/hashlist/hashes/directoryhash/structure", {WithHashes({}, {}), {}}},
      {"/hashlist/references", {{{"hashlistreference", 1, true}}, {"hashlistreference"}}},
      {"/hashlist/references/hashlistreference", {{{"path", 1}, {"c4", 2}}, {"path", "c4"}}},
      {"/ascmhldirectory", {{{"hashlist", 1, true}}, {}}},
      {"/ascmhldirectory/hashlist", {{{"path", 1}, {"c4", 2}}, {"path", "c4"}}},
  };
  return *schema;
}

// Keeps to the schema, and gives its elements on as (path, attributes, text). What stands in metadata is not looked at
// but for the names of its elements.
class SchemaReader : public XmlHandler {
 public:
  absl::Status Start(const std::string& name, const Attributes& attributes) final {
    if (in_metadata_ > 0 || (name == "metadata" && !open_.empty())) {
      if (in_metadata_ == 0) RETURN_IF_ERROR(Enter(name));
      if (in_metadata_ == 1) TakeMetadata(path_, name);
      ++in_metadata_;
      return absl::OkStatus();
    }
    RETURN_IF_ERROR(Enter(name));
    open_.push_back({path_.size(), attributes, 0, {}});
    path_ += "/" + name;
    if (!Schema().contains(path_)) return absl::OkStatus();
    return Begin(path_, attributes);
  }

  absl::Status End(const std::string&, const std::string& text) final {
    if (in_metadata_ > 0) {
      --in_metadata_;
      return absl::OkStatus();
    }
    const auto element = Schema().find(path_);
    if (element != Schema().end()) {
      if (!IsBlank(text)) return Invalid("text stands loose in '", LastName(), "'");
      for (const std::string& must : element->second.must) {
        if (open_.back().seen.contains(must)) continue;
        return Invalid("'", LastName(), "' lacks its '", must, "'");
      }
    }
    RETURN_IF_ERROR(Take(path_, open_.back().attributes, text));
    path_.resize(open_.back().above);
    open_.pop_back();
    return absl::OkStatus();
  }

 protected:
  // A container begins.
  virtual absl::Status Begin(std::string_view path, const Attributes& attributes) = 0;
  // An element, with all that is in it, has ended.
  virtual absl::Status Take(std::string_view path, const Attributes& attributes, const std::string& text) = 0;
  // An element right in the metadata of `path`.
  virtual void TakeMetadata(std::string_view, const std::string&) {}

 private:
  struct Open {
    size_t above;  // path_'s size without it
    Attributes attributes;
    int place = 0;
    std::unordered_set<std::string> seen;
  };

  std::string LastName() const { return path_.substr(path_.rfind('/') + 1); }

  absl::Status Enter(const std::string& name) {
    const auto above = Schema().find(path_);
    if (above == Schema().end()) return Invalid("'", Shown(name), "' stands in '", LastName(), "', which is text");
    for (const Child& child : above->second.children) {
      if (child.name != name) continue;
      if (open_.empty()) return absl::OkStatus();
      Open& open = open_.back();
      if (child.place < open.place) return Invalid("'", name, "' stands in the wrong place of '", LastName(), "'");
      if (!open.seen.insert(name).second && !child.many) return Invalid("a second '", name, "' in '", LastName(), "'");
      open.place = child.place;
      return absl::OkStatus();
    }
    return Invalid("'", Shown(name), "' may not stand in '", LastName(), "'");
  }

  std::string path_;
  std::vector<Open> open_;
  int in_metadata_ = 0;
};

const std::string* Find(const Attributes& attributes, std::string_view name) {
  for (const auto& [key, value] : attributes) {
    if (key == name) return &value;
  }
  return nullptr;
}

absl::StatusOr<base::Instant> ReadDate(const std::string& text) {
  const auto date = base::ParseInstant(text);
  if (!date.ok()) return Invalid("'", base::PercentEscape(text.substr(0, 40)), "' is no date with time and offset");
  return *date;
}

absl::StatusOr<std::optional<base::Instant>> ReadDate(const Attributes& attributes, std::string_view name) {
  const std::string* text = Find(attributes, name);
  if (text == nullptr) return std::optional<base::Instant>();
  ASSIGN_OR_RETURN(const base::Instant date, ReadDate(*text));
  return std::optional<base::Instant>(date);
}

absl::StatusOr<std::string> ReadRaw(HashFormat format, const std::string& text) {
  auto raw = DecodeHash(format, text);
  if (!raw.ok()) return base::WithReason(raw.status(), kReasonInvalid);
  return raw;
}

std::string_view LastOf(std::string_view path) { return path.substr(path.rfind('/') + 1); }
std::string_view Above(std::string_view path) { return path.substr(0, path.rfind('/')); }

class ManifestReader : public SchemaReader {
 public:
  Manifest Result() && { return std::move(manifest_); }

 private:
  absl::Status Begin(std::string_view path, const Attributes& attributes) override {
    if (path == "/ascmhldirectory") return Invalid("this is a chain, not a manifest");
    if (path == "/hashlist") {
      const std::string* version = Find(attributes, "version");
      if (version == nullptr || *version != "2.0") return Invalid("the version has to be 2.0");
    }
    return absl::OkStatus();
  }

  absl::Status Take(std::string_view path, const Attributes& attributes, const std::string& text) override {
    constexpr std::string_view kCreator = "/hashlist/creatorinfo", kProcess = "/hashlist/processinfo",
                               kFile = "/hashlist/hashes/hash", kDirectory = "/hashlist/hashes/directoryhash",
                               kReference = "/hashlist/references/hashlistreference";
    if (Above(path) == kCreator) return TakeCreator(LastOf(path), attributes, text);
    if (path == "/hashlist/processinfo/process") {
      const auto process = ParseProcess(text);
      if (!process) return Invalid("no process: '", base::PercentEscape(text.substr(0, 40)), "'");
      manifest_.process = *process;
      return absl::OkStatus();
    }
    if (path == "/hashlist/processinfo/ignore/pattern") {
      manifest_.ignore.push_back(text);
      return absl::OkStatus();
    }
    if (path.starts_with("/hashlist/processinfo/roothash/")) {
      if (path.size() > kProcess.size() + sizeof "/roothash/structure") return TakeHash(&manifest_.root, path, text);
      return absl::OkStatus();
    }
    if (path == kFile || path == kDirectory) return KeepRecord(path == kFile);
    if (Above(path) == kFile) return TakeFile(LastOf(path), attributes, text);
    if (path.starts_with(kDirectory)) return TakeDirectory(path, attributes, text);
    if (Above(path) == kReference) {
      if (LastOf(path) == "path") RETURN_IF_ERROR(CheckPath(text));
      if (LastOf(path) == "c4") RETURN_IF_ERROR(ReadRaw(HashFormat::kC4, text).status());
      (LastOf(path) == "path" ? reference_.path : reference_.c4) = text;
    }
    if (path == kReference) manifest_.references.push_back(std::exchange(reference_, {}));
    return absl::OkStatus();
  }

  void TakeMetadata(std::string_view path, const std::string& name) override {
    static const std::string kReplaced = ForeignName(kMetadataNamespace, "replaced");
    if (path == "/hashlist/hashes/hash" && name == kReplaced) file_.replaced = true;
  }

  absl::Status TakeCreator(std::string_view name, const Attributes& attributes, const std::string& text) {
    Creator& creator = manifest_.creator;
    const auto value = [&](std::string_view key) {
      const std::string* found = Find(attributes, key);
      return found == nullptr ? std::string() : *found;
    };
    if (name == "creationdate") {
      ASSIGN_OR_RETURN(creator.created, ReadDate(text));
    } else if (name == "hostname") {
      creator.hostname = text;
    } else if (name == "tool") {
      creator.tool = text;
      creator.tool_version = value("version");
    } else if (name == "author") {
      creator.authors.push_back({text, value("email"), value("phone"), value("role")});
    } else if (name == "location") {
      creator.location = text;
    } else {
      creator.comment = text;
    }
    return absl::OkStatus();
  }

  absl::Status TakeFile(std::string_view name, const Attributes& attributes, const std::string& text) {
    if (name == "path") {
      RETURN_IF_ERROR(CheckPath(text));
      file_.path = text;
      if (const std::string* size = Find(attributes, "size"); size != nullptr) {
        uint64_t bytes = 0;
        if (!absl::SimpleAtoi(*size, &bytes)) return Invalid("the size of '", base::PercentEscape(text), "' is none");
        file_.size = bytes;
      }
      ASSIGN_OR_RETURN(file_.modified, ReadDate(attributes, "lastmodificationdate"));
      return absl::OkStatus();
    }
    if (name == "previousPath") {
      RETURN_IF_ERROR(CheckPath(text));
      file_.previous_path = text;
      return absl::OkStatus();
    }
    const auto format = ParseHashFormat(name);
    if (!format) return absl::OkStatus();  // xxh32
    FileHash hash{*format, {}, Action::kOriginal, {}};
    ASSIGN_OR_RETURN(hash.raw, ReadRaw(*format, text));
    const std::string* action = Find(attributes, "action");
    if (action == nullptr) return Invalid("a hash of '", base::PercentEscape(file_.path), "' lacks its action");
    bool known = false;
    for (const Action candidate : {Action::kOriginal, Action::kVerified, Action::kFailed}) {
      if (Name(candidate) != *action) continue;
      hash.action = candidate;
      known = true;
    }
    if (!known) return Invalid("no action: '", base::PercentEscape(action->substr(0, 40)), "'");
    ASSIGN_OR_RETURN(hash.hashed, ReadDate(attributes, "hashdate"));
    file_.hashes.push_back(std::move(hash));
    return absl::OkStatus();
  }

  absl::Status TakeDirectory(std::string_view path, const Attributes& attributes, const std::string& text) {
    const std::string_view name = LastOf(path);
    if (name == "path") {
      RETURN_IF_ERROR(CheckPath(text));
      directory_.path = text;
      ASSIGN_OR_RETURN(directory_.modified, ReadDate(attributes, "lastmodificationdate"));
      return absl::OkStatus();
    }
    if (name == "content" || name == "structure" || name == "previousPath") return absl::OkStatus();
    return TakeHash(&directory_.hashes, path, text);
  }

  // A hash inside of a <content> or <structure>.
  static absl::Status TakeHash(std::vector<DirectoryHash>* hashes, std::string_view path, const std::string& text) {
    const auto format = ParseHashFormat(LastOf(path));
    if (!format) return absl::OkStatus();
    const bool content = LastOf(Above(path)) == "content";
    ASSIGN_OR_RETURN(const std::string raw, ReadRaw(*format, text));
    for (DirectoryHash& hash : *hashes) {
      if (hash.format != *format) continue;
      (content ? hash.content : hash.structure) = raw;
      return absl::OkStatus();
    }
    DirectoryHash hash{*format, {}, {}};
    (content ? hash.content : hash.structure) = raw;
    hashes->push_back(std::move(hash));
    return absl::OkStatus();
  }

  absl::Status KeepRecord(bool file) {
    const std::string& path = file ? file_.path : directory_.path;
    if (!paths_.insert(path).second) return Invalid("two records of '", base::PercentEscape(path), "'");
    if (paths_.size() > kRecordsMax) {
      return base::WithReason(base::InvalidArgument("more than ", kRecordsMax, " records"), kReasonTooLarge);
    }
    if (file) {
      manifest_.files.push_back(std::exchange(file_, {}));
    } else {
      manifest_.directories.push_back(std::exchange(directory_, {}));
    }
    return absl::OkStatus();
  }

  Manifest manifest_;
  FileRecord file_;
  DirectoryRecord directory_;
  Reference reference_;
  std::unordered_set<std::string> paths_;
};

class ChainReader : public SchemaReader {
 public:
  Chain Result() && { return std::move(chain_); }

 private:
  absl::Status Begin(std::string_view path, const Attributes&) override {
    if (path == "/hashlist") return Invalid("this is a manifest, not a chain");
    return absl::OkStatus();
  }
  absl::Status Take(std::string_view path, const Attributes& attributes, const std::string& text) override {
    if (path == "/ascmhldirectory") return absl::OkStatus();
    if (LastOf(path) == "path") {
      RETURN_IF_ERROR(CheckPath(text));
      link_.path = text;
    } else if (LastOf(path) == "c4") {
      RETURN_IF_ERROR(ReadRaw(HashFormat::kC4, text).status());
      link_.c4 = text;
    } else {
      const std::string* number = Find(attributes, "sequencenr");
      if (number == nullptr || !absl::SimpleAtoi(*number, &link_.number) || link_.number != chain_.size() + 1) {
        return base::WithReason(base::InvalidArgument("the numbers of the generations do not go on from 1"),
                                kReasonChainInvalid);
      }
      chain_.push_back(std::exchange(link_, {}));
    }
    return absl::OkStatus();
  }

  Chain chain_;
  ChainLink link_;
};

}  // namespace

absl::StatusOr<Manifest> ReadManifest(std::string_view xml, std::string_view origin) {
  ManifestReader reader;
  RETURN_IF_ERROR(ReadXml(xml, kManifestNamespace, origin, reader));
  return std::move(reader).Result();
}

absl::StatusOr<Chain> ReadChain(std::string_view xml, std::string_view origin) {
  ChainReader reader;
  RETURN_IF_ERROR(ReadXml(xml, kChainNamespace, origin, reader, {16u << 20}));
  return std::move(reader).Result();
}

}  // namespace crossdock::mhl
