#include "lib/mhl/packing_list.h"

#include <algorithm>
#include <map>

#include "lib/base/status.h"
#include "lib/mhl/read.h"
#include "lib/mhl/write.h"

namespace crossdock::mhl {
namespace {

Manifest Empty(const Histories& histories, const Creator& creator) {
  Manifest list;
  list.creator = creator;
  list.process = Process::kFlatten;
  list.ignore = histories.all().front().ignore();
  return list;
}

}  // namespace

absl::StatusOr<Manifest> Flatten(const Histories& histories, const Creator& creator) {
  if (histories.empty()) {
    return base::WithReason(base::NotFound("there is no history to make a packing list of"), kReasonNoHistory);
  }
  Manifest list = Empty(histories, creator);
  std::map<std::string, FileRecord> records;
  for (const History& history : histories.all()) {
    for (const auto& [path, file] : history.known) {
      if (file.digests.empty()) continue;
      FileRecord& record = records[Below(history.root, path)];
      record.path = Below(history.root, path);
      record.size = file.size;
      record.modified = file.modified;
      for (const auto& [format, raw] : file.digests) record.hashes.push_back({format, raw, Action::kOriginal, {}});
    }
  }
  for (auto& [path, record] : records) list.files.push_back(std::move(record));
  return list;
}

absl::StatusOr<Manifest> FlattenNow(Inventory& inventory, const Histories& histories, const Creator& creator,
                                    const std::vector<HashFormat>& formats) {
  Manifest list = Empty(histories, creator);
  for (size_t i = 0; i < inventory.size(); ++i) {
    const Item item = inventory.item(i);
    if (item.directory || histories.Ignores(item.path, false)) continue;
    FileRecord record{std::string(item.path), item.size, item.modified, {}, {}};
    ASSIGN_OR_RETURN(const Digests digests, inventory.Hash(i, formats));
    for (const auto& [format, raw] : digests) {
      record.hashes.push_back({format, raw, Action::kOriginal, creator.created});
    }
    list.files.push_back(std::move(record));
  }
  return list;
}

std::string PackingListName(std::string_view folder, base::Instant began) {
  const std::string name = ManifestName(1, folder, began);
  return "packinglist" + name.substr(name.find('_'));
}

absl::StatusOr<std::string> WritePackingList(RecordFiles& files, const std::string& directory, std::string_view folder,
                                             const Manifest& list) {
  ASSIGN_OR_RETURN(const std::string xml, WriteManifest(list));
  const std::string name = PackingListName(folder, list.creator.created);
  RETURN_IF_ERROR(files.MakeDirectory(directory));
  RETURN_IF_ERROR(files.Write(Below(directory, name), [&](const Sink& sink) { return sink(xml); }));
  ASSIGN_OR_RETURN(const std::string collection, WriteChain({{1, name, C4Of(xml)}}));
  RETURN_IF_ERROR(files.Write(Below(directory, kCollectionName), [&](const Sink& sink) { return sink(collection); }));
  return Below(directory, name);
}

absl::StatusOr<Manifest> ReadPackingList(RecordFiles& files, const std::string& directory) {
  const std::string path = Below(directory, kCollectionName);
  const auto collection = files.Read(path, 16u << 20);
  if (absl::IsNotFound(collection.status())) {
    return base::WithReason(base::NotFound("there is no ", kCollectionName, " in the packing list's folder"),
                            kReasonNoChain);
  }
  RETURN_IF_ERROR(collection.status());
  ASSIGN_OR_RETURN(const Chain chain, ReadChain(*collection, path));
  if (chain.size() != 1) {
    return base::WithReason(base::InvalidArgument("the collection has ", chain.size(), " lists, not one"),
                            kReasonChainInvalid);
  }
  const std::string list = Below(directory, chain.front().path);
  const auto xml = files.Read(list, kManifestSizeMax);
  if (absl::IsNotFound(xml.status())) {
    return base::WithReason(
        base::FailedPrecondition("'", base::PercentEscape(list), "' is in the collection and not beside it"),
        kReasonManifestMissing);
  }
  RETURN_IF_ERROR(xml.status());
  if (C4Of(*xml) != chain.front().c4) {
    return base::WithReason(
        base::FailedPrecondition("'", base::PercentEscape(list), "' is not what the collection says"),
        kReasonManifestAltered);
  }
  return ReadManifest(*xml, list);
}

}  // namespace crossdock::mhl
