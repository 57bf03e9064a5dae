#include "lib/mhl/generation.h"

#include <algorithm>

#include "lib/base/status.h"
#include "lib/mhl/digest_table.h"
#include "lib/mhl/directory_hash.h"

namespace crossdock::mhl {
namespace {

class Generation {
 public:
  Generation(Inventory& inventory, RecordFiles& files, Histories histories, const GenerationRequest& request)
      : inventory_(inventory),
        files_(files),
        histories_(std::move(histories)),
        request_(request),
        table_(request.formats, inventory.size()) {}

  absl::StatusOr<GenerationResult> Run() {
    RETURN_IF_ERROR(Check());
    histories_.AddIgnored(request_.ignore);
    RETURN_IF_ERROR(HashAll());
    CountMissing();
    if (request_.partial && !result_.problems.empty()) return std::move(result_);
    // Later ones lie deeper: they come first.
    for (size_t i = histories_.all().size(); i-- > 0;) {
      if (!request_.partial || IsConcerned(i)) RETURN_IF_ERROR(WriteOne(i));
    }
    std::stable_sort(result_.problems.begin(), result_.problems.end(),
                     [](const Problem& a, const Problem& b) { return a.path < b.path; });
    return std::move(result_);
  }

 private:
  absl::Status Check() const {
    if (request_.formats.empty()) return base::InvalidArgument("a generation needs a hash format");
    // What cannot be written is known before anything is read.
    ManifestWriter head([](std::string_view) { return absl::OkStatus(); });
    RETURN_IF_ERROR(head.Begin({request_.creator, request_.process, {}, request_.ignore}));
    for (const History& history : histories_.all()) {
      if (history.unlisted.empty() || (history.unlisted.size() == 1 && IsUnfinished(history))) continue;
      return base::WithReason(
          base::FailedPrecondition("'", base::PercentEscape(Below(Below(history.root, kFolder), history.unlisted[0])),
                                   "' stands beside the chain and is not in it: find out where it comes from, and "
                                   "remove it"),
          kReasonUnlisted);
    }
    return absl::OkStatus();
  }

  std::string NextName(const History& history) const {
    const std::string name = history.root.empty() ? request_.folder : history.root.substr(history.root.rfind('/') + 1);
    return ManifestName(static_cast<uint32_t>(history.chain.size() + 1), name, request_.creator.created);
  }

  // Whether the manifest beside the chain is this generation's, which was not finished.
  bool IsUnfinished(const History& history) const {
    return request_.partial && history.unlisted.front() == NextName(history);
  }

  // Whether the history has this generation already.
  bool IsMade(const History& history) const {
    if (!request_.partial || history.generations.empty()) return false;
    const Creator& last = history.generations.back().creator;
    return last.created == request_.creator.created && last.comment == request_.creator.comment &&
           last.hostname == request_.creator.hostname;
  }

  // Whether anything came into the history, or into one inside of it to which it has to refer.
  bool IsConcerned(size_t owner) const {
    if (came_into_[owner]) return true;
    const bool inner = std::any_of(result_.written.begin(), result_.written.end(), [&](const WrittenManifest& written) {
      return histories_.OwnerOf(written.root) == owner;
    });
    return inner && !histories_.all()[owner].chain.empty();
  }

  absl::Status HashAll() {
    came_into_.resize(histories_.all().size());
    DirectoryHasher directories(request_.formats);
    for (size_t i = 0; i < inventory_.size(); ++i) {
      const Item item = inventory_.item(i);
      if (histories_.Ignores(item.path, item.directory)) continue;
      if (item.directory) {
        if (!request_.partial) directories.AddDirectory(item.path);
        continue;
      }
      const std::string path(item.path);
      came_into_[histories_.OwnerOf(path)] = true;
      const uint64_t size = item.size;
      const Digests known = KnownOf(path);
      ASSIGN_OR_RETURN(const Digests digests, inventory_.Hash(i, FormatsFor(known, request_.formats)));
      table_.Set(i, digests);
      if (!request_.partial) directories.AddFile(path, digests);
      ++result_.files;
      result_.bytes += size;
      Judge(path, known, digests);
    }
    if (!request_.partial) directories_ = directories.Finish();
    return absl::OkStatus();
  }

  Digests KnownOf(const std::string& path) const {
    const History& history = histories_.all()[histories_.OwnerOf(path)];
    const auto known = history.known.find(std::string(Within(history.root, path)));
    return known == history.known.end() ? Digests() : known->second.digests;
  }

  void Judge(const std::string& path, const Digests& known, const Digests& digests) {
    if (known.empty()) {
      ++result_.original;
      return;
    }
    for (const auto& [format, raw] : digests) {
      const auto expected = known.find(format);
      if (expected == known.end() || expected->second == raw) continue;
      if (request_.replaces) {
        ++result_.original;
        return;
      }
      result_.problems.push_back({ProblemKind::kMismatch, path, format, expected->second, raw});
      ++result_.failed;
      return;
    }
    ++result_.verified;
  }

  // The files that are known and not there.
  void CountMissing() {
    if (request_.partial) return;
    for (size_t owner = 0; owner < histories_.all().size(); ++owner) {
      const KnownFiles& known = histories_.all()[owner].known;
      if (known.empty()) continue;
      const std::string& root = histories_.all()[owner].root;
      std::vector<std::string> paths;
      for (size_t i = 0; i < inventory_.size(); ++i) {
        const Item item = inventory_.item(i);
        if (!item.directory && histories_.OwnerOf(item.path) == owner) paths.emplace_back(Within(root, item.path));
      }
      std::sort(paths.begin(), paths.end());
      for (const auto& [path, file] : known) {
        const std::string full = Below(root, path);
        if (std::binary_search(paths.begin(), paths.end(), path) || histories_.Ignores(full, false)) continue;
        result_.problems.push_back({ProblemKind::kMissing, full, {}, {}, {}});
      }
    }
  }

  FileRecord RecordOf(size_t index, const Item& item, std::string_view root) const {
    FileRecord record;
    record.path = Within(root, item.path);
    record.size = item.size;
    record.modified = item.modified;
    const Digests known = KnownOf(std::string(item.path));
    const Digests digests = table_.Get(index);
    bool failed = false;
    for (const auto& [format, raw] : digests) failed = failed || (known.contains(format) && known.at(format) != raw);
    record.replaced = failed && request_.replaces;
    for (const auto& [format, raw] : digests) {
      Action action = Action::kOriginal;
      if (!known.empty() && !record.replaced) {
        if (failed && !known.contains(format)) continue;
        action = known.contains(format) && known.at(format) != raw ? Action::kFailed : Action::kVerified;
      }
      record.hashes.push_back({format, raw, action, request_.creator.created});
    }
    return record;
  }

  absl::Status WriteRecords(size_t owner, ManifestWriter& writer) const {
    const std::string& root = histories_.all()[owner].root;
    for (size_t i = 0; i < inventory_.size(); ++i) {
      const Item item = inventory_.item(i);
      if (histories_.OwnerOf(item.path) != owner || histories_.Ignores(item.path, item.directory)) continue;
      if (!item.directory) {
        RETURN_IF_ERROR(writer.Add(RecordOf(i, item, root)));
        continue;
      }
      if (request_.partial) continue;
      DirectoryRecord record;
      record.path = Within(root, item.path);
      record.modified = item.modified;
      record.hashes = directories_.at(std::string(item.path));
      RETURN_IF_ERROR(writer.Add(record));
    }
    return absl::OkStatus();
  }

  absl::Status WriteOne(size_t owner) {
    const History& history = histories_.all()[owner];
    const std::string folder = Below(history.root, kFolder);
    if (IsMade(history)) {
      const ChainLink& made = history.chain.back();
      result_.written.push_back({history.root, made.number, Below(folder, made.path), made.c4});
      return absl::OkStatus();
    }
    const auto number = static_cast<uint32_t>(history.chain.size() + 1);
    const std::string manifest = NextName(history);
    ManifestHead head;
    head.creator = request_.creator;
    head.process = request_.process;
    if (!request_.partial) head.root = directories_.at(history.root);
    head.ignore = history.ignore();
    AddPatterns(&head.ignore, request_.ignore);
    std::vector<Reference> references;
    for (const WrittenManifest& inner : result_.written) {
      if (histories_.OwnerOf(inner.root) == owner) {
        references.push_back({std::string(Within(history.root, inner.path)), inner.c4});
      }
    }
    RETURN_IF_ERROR(files_.MakeDirectory(folder));
    Hasher c4(HashFormat::kC4);
    RETURN_IF_ERROR(files_.Write(Below(folder, manifest), [&](const Sink& sink) -> absl::Status {
      ManifestWriter writer([&](std::string_view bytes) {
        c4.Update(bytes);
        return sink(bytes);
      });
      RETURN_IF_ERROR(writer.Begin(head));
      RETURN_IF_ERROR(WriteRecords(owner, writer));
      return writer.End(references);
    }));
    Chain chain = history.chain;
    chain.push_back({number, manifest, EncodeHash(HashFormat::kC4, c4.Finish())});
    ASSIGN_OR_RETURN(const std::string xml, WriteChain(chain));
    RETURN_IF_ERROR(files_.Write(Below(folder, kChainName), [&](const Sink& sink) { return sink(xml); }));
    result_.written.push_back({history.root, number, Below(folder, manifest), chain.back().c4});
    return absl::OkStatus();
  }

  Inventory& inventory_;
  RecordFiles& files_;
  Histories histories_;
  const GenerationRequest& request_;
  DigestTable table_;
  std::map<std::string, std::vector<DirectoryHash>> directories_;
  std::vector<bool> came_into_;  // of each history
  GenerationResult result_;
};

}  // namespace

absl::StatusOr<GenerationResult> AppendGeneration(Inventory& inventory, RecordFiles& files, Histories histories,
                                                  const GenerationRequest& request) {
  return Generation(inventory, files, std::move(histories), request).Run();
}

}  // namespace crossdock::mhl
