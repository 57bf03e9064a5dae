#include "lib/policy/fact.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "lib/base/status.h"
#include "lib/yaml/quantity.h"

namespace crossdock::policy {
namespace {

// asset.classification counts as rostered: it can only be stricter than the floor that the officers signed in the path
// map, because an assertion below the floor is refused before anything is decided.
constexpr FactSpec kVocabulary[] = {
    {"source.site", FactType::kText, Provenance::kRostered, "the source site"},
    {"source.country", FactType::kCountry, Provenance::kRostered, "the source's country"},
    {"source.zone", FactType::kText, Provenance::kRostered, "the source's time zone"},
    {"source.certifications", FactType::kCertifications, Provenance::kRostered, "the source"},
    {"destination.site", FactType::kText, Provenance::kRostered, "the destination site"},
    {"destination.country", FactType::kCountry, Provenance::kRostered, "the destination's country"},
    {"destination.zone", FactType::kText, Provenance::kRostered, "the destination's time zone"},
    {"destination.certifications", FactType::kCertifications, Provenance::kRostered, "the destination"},
    {"asset.client", FactType::kText, Provenance::kRostered, "the client"},
    {"asset.project", FactType::kText, Provenance::kRostered, "the project"},
    {"asset.type", FactType::kText, Provenance::kAsserted, "the asset's type"},
    {"asset.name", FactType::kText, Provenance::kAsserted, "the asset's name"},
    {"asset.classification", FactType::kClassification, Provenance::kRostered, "the classification"},
    {"asset.tags", FactType::kTextList, Provenance::kAsserted, "the asset"},
    {"asset.publisher", FactType::kText, Provenance::kAsserted, "the publisher"},
    {"asset.status", FactType::kText, Provenance::kAsserted, "the asset's status"},
    {"transfer.purpose", FactType::kText, Provenance::kAsserted, "the purpose"},
    {"transfer.bytes", FactType::kBytes, Provenance::kMeasured, "the size"},
    {"transfer.files", FactType::kCount, Provenance::kMeasured, "the number of files"},
    {"transfer.volume", FactType::kText, Provenance::kMeasured, "the volume"},
    {"transfer.path", FactType::kText, Provenance::kMeasured, "the path"},
    {"event.source", FactType::kText, Provenance::kAsserted, "the event's source"},
    {"event.kind", FactType::kText, Provenance::kAsserted, "the event's kind"},
    {"requester", FactType::kText, Provenance::kAsserted, "the requester"},
};

constexpr std::string_view kClassificationNames[] = {"public", "internal", "confidential", "restricted", "secret"};
static_assert(std::size(kClassificationNames) == kClassifications);

bool IsCountry(std::string_view text) {
  return text.size() == 2 && std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

absl::StatusOr<std::string> Unescape(absl::string_view text) {
  std::string item;
  if (text.empty() || !base::PercentUnescape(base::ToStd(text), &item)) {
    return base::InvalidArgument("'", base::ToStd(text),
                                 "' is no list item; separate items with one comma, escape with %XX");
  }
  return item;
}

absl::StatusOr<std::vector<std::string>> ParseList(std::string_view text) {
  std::vector<std::string> list;
  if (text.empty()) return list;
  for (absl::string_view part : absl::StrSplit(base::ToAbsl(text), ',')) {
    ASSIGN_OR_RETURN(std::string item, Unescape(part));
    list.push_back(std::move(item));
  }
  return list;
}

absl::StatusOr<std::vector<Certification>> ParseCertifications(std::string_view text) {
  std::vector<Certification> list;
  if (text.empty()) return list;
  for (absl::string_view part : absl::StrSplit(base::ToAbsl(text), ',')) {
    Certification certification;
    const size_t at = part.find('@');
    ASSIGN_OR_RETURN(certification.id, Unescape(part.substr(0, at)));
    if (at != absl::string_view::npos) {
      ASSIGN_OR_RETURN(certification.valid_until, ParseValidUntil(base::ToStd(part.substr(at + 1))));
    }
    list.push_back(std::move(certification));
  }
  return list;
}

// '%' , ',' and '@' give the list its shape, so an item must not show them.
std::string EscapeItem(std::string_view item) {
  std::string escaped;
  for (const char c : base::PercentEscape(item)) {
    if (c == ',') {
      escaped += "%2C";
    } else if (c == '@') {
      escaped += "%40";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

struct Formatter {
  std::string operator()(const std::string& text) const { return text; }
  std::string operator()(int64_t number) const { return base::StrCat(number); }
  std::string operator()(const std::vector<std::string>& list) const {
    std::vector<std::string> items;
    for (const std::string& item : list) items.push_back(EscapeItem(item));
    return absl::StrJoin(items, ",");
  }
  std::string operator()(const std::vector<Certification>& list) const {
    std::vector<std::string> items;
    for (const Certification& c : list) {
      items.push_back(EscapeItem(c.id) + (c.valid_until ? "@" + base::FormatSeconds(*c.valid_until) : ""));
    }
    return absl::StrJoin(items, ",");
  }
};

}  // namespace

std::span<const FactSpec> Vocabulary() { return kVocabulary; }

const FactSpec* FindFact(std::string_view name) {
  const auto found = std::find_if(std::begin(kVocabulary), std::end(kVocabulary),
                                  [&](const FactSpec& spec) { return spec.name == name; });
  return found == std::end(kVocabulary) ? nullptr : &*found;
}

std::string_view ProvenanceName(Provenance provenance) {
  switch (provenance) {
    case Provenance::kRostered:
      return "rostered";
    case Provenance::kMeasured:
      return "measured";
    case Provenance::kAsserted:
      return "asserted";
  }
  return "";
}

const Fact* Facts::Find(std::string_view name) const {
  const auto found = values.find(name);
  return found == values.end() ? nullptr : &found->second;
}

const std::string* Facts::Text(std::string_view name, Instant now) const {
  const Fact* fact = Find(name);
  if (fact == nullptr || (fact->fresh_until && now >= *fact->fresh_until)) return nullptr;
  const std::string* text = std::get_if<std::string>(&fact->value);
  return text == nullptr || text->empty() ? nullptr : text;
}

bool HasType(const FactSpec& spec, const FactValue& value) {
  const std::string* text = std::get_if<std::string>(&value);
  const int64_t* number = std::get_if<int64_t>(&value);
  switch (spec.type) {
    case FactType::kText:
      return text != nullptr && !text->empty();
    case FactType::kCountry:
      return text != nullptr && IsCountry(*text);
    case FactType::kClassification:
      return text != nullptr && ClassificationRank(*text).has_value();
    case FactType::kTextList:
      return std::holds_alternative<std::vector<std::string>>(value);
    case FactType::kCertifications:
      return std::holds_alternative<std::vector<Certification>>(value);
    case FactType::kBytes:
    case FactType::kCount:
      return number != nullptr && *number >= 0;
  }
  return false;
}

absl::StatusOr<FactValue> ParseFactValue(std::string_view name, std::string_view text) {
  const FactSpec* spec = FindFact(name);
  if (spec == nullptr) {
    return base::InvalidArgument("'", name, "' is no fact of the policy language; docs/policy_language.md lists them");
  }
  FactValue value = std::string(text);
  if (spec->type == FactType::kTextList) {
    ASSIGN_OR_RETURN(value, ParseList(text));
  } else if (spec->type == FactType::kCertifications) {
    ASSIGN_OR_RETURN(value, ParseCertifications(text));
  } else if (spec->type == FactType::kBytes && text.find('B') != std::string_view::npos) {
    ASSIGN_OR_RETURN(value, yaml::ParseByteSize(text));
  } else if (spec->type == FactType::kBytes || spec->type == FactType::kCount) {
    ASSIGN_OR_RETURN(value, yaml::ParseInteger(text));
  }
  if (HasType(*spec, value)) return value;
  switch (spec->type) {
    case FactType::kCountry:
      return base::InvalidArgument("'", text, "' is no country; write two capital letters, as in CA");
    case FactType::kClassification:
      return base::InvalidArgument(
          "'", text, "' is no classification; write one of ",
          absl::StrJoin(kClassificationNames, ", ", [](std::string* out, std::string_view n) { out->append(n); }));
    default:
      return base::InvalidArgument("'", text, "' cannot be '", name, "'; write a value that is not empty or negative");
  }
}

std::string FormatFactValue(const FactValue& value) { return std::visit(Formatter{}, value); }

std::optional<int> ClassificationRank(std::string_view word) {
  const auto found = std::find(std::begin(kClassificationNames), std::end(kClassificationNames), word);
  if (found == std::end(kClassificationNames)) return std::nullopt;
  return static_cast<int>(found - std::begin(kClassificationNames));
}

std::string_view ClassificationName(int rank) { return kClassificationNames[rank]; }

absl::StatusOr<Instant> ParseDay(std::string_view text) {
  auto instant = base::ParseInstant(base::StrCat(text, "T00:00:00Z"));
  if (text.size() == 10 && instant.ok()) return instant;
  return base::InvalidArgument("'", text, "' is no date; write it as in 2026-12-31");
}

absl::StatusOr<Instant> ParseValidUntil(std::string_view text) {
  if (text.size() != 10) return base::ParseInstant(text);
  ASSIGN_OR_RETURN(Instant day, ParseDay(text));
  return day + std::chrono::days(1);
}

}  // namespace crossdock::policy
