// Where an attempt's files wait to be published: `.crossdock/<transfer>/<agent>-<epoch>/` on the volume itself, hidden
// and on the filesystem that the rename needs.
//
//   ledger    what is complete (Ledger)
//   data/     the package's tree
//   journal   present once the attempt is about to publish (publish.h)
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/storage/volume.h"
#include "agent/transfer/block_file.h"
#include "agent/transfer/ledger.h"
#include "lib/wire/manifest.h"

namespace crossdock::agent {

// One thread opens, adopts and removes; the directories and the ledger may be used by several.
class Staging {
 public:
  struct Request {
    std::string transfer;
    std::string agent;
    wire::Epoch epoch;
    std::string listing_digest;
    bool durable = true;
  };
  // Makes the directory, or opens it again when this very epoch was here before; finds what this agent's earlier
  // epochs left. EPOCH_STALE when a newer one was here, STAGING_BUSY when another attempt still works here.
  static absl::StatusOr<std::unique_ptr<Staging>> Open(Volume& volume, const Request& request);

  int directory() const { return directory_.get(); }
  int data() const { return data_.get(); }
  Ledger& ledger() { return *ledger_; }
  // Whether earlier attempts left something that can be taken over.
  bool has_earlier() const;

  // What earlier attempts left of `manifest` becomes this one's, without reading a byte of it: files at the source that
  // have the size, mtime and inode that they had, whose staged files nobody has touched since the ledger was written.
  // `whole` gets the files that were complete, and, when `bound`, have the SHA-256 that the manifest asks for; `part`
  // those of which blocks have landed, open for reading and writing. Directories of the manifest must exist below
  // data().
  using Whole = std::function<void(uint32_t index)>;
  using Part = std::function<void(uint32_t index, PartialFile partial, base::UniqueFd fd, uint64_t staged_inode)>;
  absl::Status Adopt(const wire::Manifest& manifest, bool bound, const Whole& whole, const Part& part);

  // Gives the space back of what earlier epochs left and nobody took over. One that may have been committed stays.
  absl::Status RemoveEarlier();
  // The package stands at its place: nothing of staging is needed any more.
  absl::Status Remove();

 private:
  // Where the record stands: there may be a million of them.
  struct EarlierFile {
    uint64_t path_hash = 0;
    uint64_t at = 0;
  };
  struct EarlierPart {
    StagedFile file;  // without its path
    PartialFile partial;
    uint64_t bytes = 0;
  };
  struct Earlier {
    std::string name;
    base::UniqueFd data;
    std::unique_ptr<Ledger> ledger;                   // holds the lock; null of this epoch's own, or without records
    std::vector<EarlierFile> files;                   // sorted by path_hash
    std::unordered_map<uint64_t, EarlierPart> parts;  // by path_hash; of files that are not complete
  };
  // Collects a ledger's records, as far as they can be believed.
  class Collector;

  Staging(Volume& volume, std::string above, base::UniqueFd transfer)
      : volume_(volume), above_(std::move(above)), transfer_(std::move(transfer)) {}
  absl::Status OpenOwn(const Request& request);
  absl::Status OpenEarlier(const Request& request);
  // True when the file was taken over.
  absl::StatusOr<bool> AdoptWhole(const Earlier& earlier, const wire::Entry& entry, bool bound);
  absl::StatusOr<bool> AdoptPart(const Earlier& earlier, const wire::Entry& entry, uint32_t index, const Part& part);
  // Gives what `staged` says a second name in this attempt's tree: first, so that a crash before the ledger knows of it
  // loses nothing. False when it is not what the ledger was about.
  absl::StatusOr<bool> TakeOver(const Earlier& earlier, const StagedFile& staged, const wire::Entry& entry, bool whole);

  Volume& volume_;
  const std::string above_;  // the transfer's directory, relative to the volume
  base::UniqueFd transfer_;
  std::string name_;
  base::UniqueFd directory_;
  base::UniqueFd data_;
  std::unique_ptr<Ledger> ledger_;
  std::vector<Earlier> earlier_;
};

// Removes what `agent`'s attempts up to `epoch` left in the transfer's staging, and nothing else: not another agent's,
// not a newer attempt's, nothing outside `.crossdock/<transfer>/` whatever its names or links say. Nothing there is
// fine. Leaves an attempt alone that has a publish journal (STAGING_JOURNAL), or that is still at work, in whatever
// process (STAGING_BUSY). INVALID_ARGUMENT when `transfer` cannot name a directory.
absl::Status RemoveStaging(Volume& volume, const std::string& transfer, const std::string& agent,
                           const wire::Epoch& epoch);

}  // namespace crossdock::agent
