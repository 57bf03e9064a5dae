// The vocabulary of the policy language: every fact that a rule may name, its type, and who vouches for it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/base/clock.h"

namespace crossdock::policy {

using base::Instant;

enum class FactType {
  kText,            // one word: in, not_in
  kCountry,         // ISO 3166-1 alpha-2, upper case: in, not_in
  kClassification,  // public < internal < confidential < restricted < secret: in, not_in, at_most, at_least
  kTextList,        // any_of, has
  kCertifications,  // has … valid_on: decision
  kBytes,           // at_most, at_least; written 5TiB
  kCount,           // at_most, at_least
};

enum class Provenance {
  kRostered,  // signed by the officers: the roster and its path map
  kMeasured,  // what the agent itself saw
  kAsserted,  // what the asset database or the requester said
};

struct FactSpec {
  std::string_view name;
  FactType type;
  Provenance provenance;
  std::string_view english;  // as it stands in a rendered sentence: "the destination's country"
};

// All facts, in the order of the reference.
std::span<const FactSpec> Vocabulary();
// The fact called `name`, or null.
const FactSpec* FindFact(std::string_view name);
std::string_view ProvenanceName(Provenance provenance);

struct Certification {
  std::string id;
  std::optional<Instant> valid_until;  // exclusive; nothing: does not expire
  bool operator==(const Certification&) const = default;
};

// kText, kCountry and kClassification are std::string; kBytes and kCount are int64_t, not negative.
using FactValue = std::variant<std::string, std::vector<std::string>, std::vector<Certification>, int64_t>;

struct Fact {
  FactValue value;
  std::optional<Instant> fresh_until;  // exclusive; afterwards the fact is stale, and the decision holds

  Fact() = default;
  Fact(FactValue v) : value(std::move(v)) {}            // NOLINT: a fact is its value
  Fact(const char* text) : value(std::string(text)) {}  // NOLINT
};

// What is known about one transfer. A fact that is absent is unknown, never empty.
struct Facts {
  std::map<std::string, Fact, std::less<>> values;

  // The fact, or null.
  const Fact* Find(std::string_view name) const;
  // The text of a kText fact, or null when it is absent, stale at `now` or no text.
  const std::string* Text(std::string_view name, Instant now) const;
};

// Whether `value` has the type of `spec` and a possible content.
bool HasType(const FactSpec& spec, const FactValue& value);

// One-line text of a value and back, for storing, sending and command lines: lists are comma-separated with each item
// percent-escaped; a certification is `id` or `id@2027-06-30T00:00:00Z`. kBytes also takes 2GiB.
absl::StatusOr<FactValue> ParseFactValue(std::string_view name, std::string_view text);
std::string FormatFactValue(const FactValue& value);

// 0 (public) … 4 (secret), or nothing when `word` is no classification.
std::optional<int> ClassificationRank(std::string_view word);
std::string_view ClassificationName(int rank);
inline constexpr int kClassifications = 5;

// The end of validity that `text` says: a date (valid to the end of that day, UTC) or RFC 3339.
absl::StatusOr<Instant> ParseValidUntil(std::string_view text);
// The start of the day that `text` names (YYYY-MM-DD), UTC.
absl::StatusOr<Instant> ParseDay(std::string_view text);

}  // namespace crossdock::policy
