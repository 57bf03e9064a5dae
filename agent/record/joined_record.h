// The integrity record of a directory that a package joins: one more generation of the histories that stand there,
// about what came and nothing else. What was known of the directory's other files stays as it is.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "agent/record/staged_record.h"

namespace crossdock::agent {

// What comes, and where to. Everything referred to must outlive it.
struct Joining {
  const Volume& volume;
  int data = -1;  // the staged tree
  const wire::Manifest& manifest;
  const LandedDigests& digests;
  const RecordTerms& terms;
  base::Instant at;         // part of the generation's name: the same, however often it is taken up again
  std::string destination;  // relative to the volume: the directory, or, of a package of one file, its new name
  bool one_file = false;
  bool replace = false;
};

// Writes the generation in `tree`: the directory itself, or what is about to take its name; of one file the directory
// that it comes into. Durable when it returns; taken up again after a crash it makes no second one.
//
// A directory without a history gets its first generation, unless a directory above has one, to which its files belong
// and which is not touched; nor is one begun for a single file, or in a volume's root. RECORD_INVALID: the history
// there cannot be continued. RECORD_MISMATCH: it knows a file of the package as another, which this transfer does not
// replace.
absl::Status ExtendRecord(const Joining& joining, int tree);
// Whether it could: the same errors, and nothing is written.
absl::Status CheckExtendRecord(const Joining& joining, int tree);

// Holds what came against the record that came with it: RECORD_INVALID, RECORD_MISMATCH.
absl::Status CheckOwnRecord(const Volume& volume, int data, const wire::Manifest& manifest,
                            const LandedDigests& digests);

// Which files of the package's own records stay behind, because the directory that it joins has a record of that folder
// already, which goes on. One thread.
class KeptRecords {
 public:
  // `data` is the staged tree, `destination` where it goes, relative to the volume.
  KeptRecords(const Volume& volume, int data, std::string destination)
      : volume_(volume), data_(data), destination_(std::move(destination)) {}
  // Of a file at `path` in the staged tree.
  bool StaysBehind(const std::string& path);

 private:
  enum class Which { kNone, kChain, kAll };  // kChain: what stands there has continued ours
  const Volume& volume_;
  const int data_;
  const std::string destination_;
  std::map<std::string, Which, std::less<>> folders_;
};

}  // namespace crossdock::agent
