#include "orchestrator/engine/decision_record.h"

#include <algorithm>
#include <utility>

#include "lib/base/digest.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/base/strings.h"
#include "nlohmann/json.hpp"

namespace crossdock::orchestrator::engine {
namespace {

using nlohmann::json;
using policy::Verdict;

struct Malformed {};  // inside of ReadStored only

std::string Unescaped(const json& text) {
  std::string bytes;
  if (!base::PercentUnescape(text.get_ref<const std::string&>(), &bytes)) throw Malformed();
  return bytes;
}

base::Instant ToInstant(const json& text) {
  const absl::StatusOr<base::Instant> instant = base::ParseInstant(text.get_ref<const std::string&>());
  if (!instant.ok()) throw Malformed();
  return *instant;
}

json ToJson(const policy::Certification& certification) {
  json out{{"id", base::PercentEscape(certification.id)}};
  if (certification.valid_until) out["until"] = base::FormatInstant(*certification.valid_until);
  return out;
}

// The key says which of the types it is, so that an empty list stays of its type.
struct ValueWriter {
  json& out;
  void operator()(const std::string& text) const { out["text"] = base::PercentEscape(text); }
  void operator()(int64_t number) const { out["number"] = number; }
  void operator()(const std::vector<std::string>& list) const {
    out["list"] = json::array();
    for (const std::string& item : list) out["list"].push_back(base::PercentEscape(item));
  }
  void operator()(const std::vector<policy::Certification>& list) const {
    out["certifications"] = json::array();
    for (const policy::Certification& item : list) out["certifications"].push_back(ToJson(item));
  }
};

policy::FactValue ReadValue(const json& fact) {
  if (fact.contains("text")) return Unescaped(fact["text"]);
  if (fact.contains("number")) return fact["number"].get<int64_t>();
  if (fact.contains("list")) {
    std::vector<std::string> list;
    for (const json& item : fact["list"]) list.push_back(Unescaped(item));
    return list;
  }
  std::vector<policy::Certification> list;
  for (const json& item : fact.at("certifications")) {
    policy::Certification certification{Unescaped(item.at("id")), std::nullopt};
    if (item.contains("until")) certification.valid_until = ToInstant(item["until"]);
    list.push_back(std::move(certification));
  }
  return list;
}

policy::Facts ReadFacts(const json& object) {
  policy::Facts facts;
  for (const auto& [name, stored] : object.items()) {
    policy::Fact& fact = facts.values[name];
    fact.value = ReadValue(stored);
    if (stored.contains("fresh_until")) fact.fresh_until = ToInstant(stored["fresh_until"]);
  }
  return facts;
}

policy::Approval ReadVoice(const json& voice) {
  policy::Approval approval;
  approval.requirement = voice.at("requirement");
  approval.person = Unescaped(voice.at("person"));
  approval.team = Unescaped(voice.at("team"));
  approval.organisation = Unescaped(voice.at("organisation"));
  for (const json& group : voice.at("groups")) approval.groups.push_back(Unescaped(group));
  if (voice.at("decision") == "deny") approval.decision = policy::Approval::Decision::kDeny;
  approval.is_service = voice.at("service");
  if (voice.contains("in_place_of")) approval.in_place_of = Unescaped(voice["in_place_of"]);
  approval.given = ToInstant(voice.at("given"));
  return approval;
}

Verdict ReadVerdict(std::string_view name) {
  for (const Verdict verdict : {Verdict::kAllow, Verdict::kNeedsApprovals, Verdict::kHold, Verdict::kDeny})
    if (policy::VerdictName(verdict) == name) return verdict;
  throw Malformed();
}

json ToJson(const policy::StoredLayer& layer) {
  json windows = json::array();
  for (const policy::Decision::Hours& hours : layer.windows) {
    windows.push_back({{"rule", hours.rule}, {"open", hours.open}});
    if (hours.edge) windows.back()["edge"] = base::FormatInstant(*hours.edge);
  }
  json ends = json::array();
  for (const policy::RuleEnd& end : layer.ends)
    ends.push_back({{"rule", end.rule}, {"at", base::FormatInstant(end.at)}});
  return {{"scope", layer.scope},     {"digest", layer.digest},
          {"number", layer.number},   {"verdict", policy::VerdictName(layer.verdict)},
          {"reasons", layer.reasons}, {"windows", std::move(windows)},
          {"ends", std::move(ends)}};
}

policy::StoredLayer ReadLayer(const json& stored) {
  policy::StoredLayer layer;
  layer.scope = stored.at("scope");
  layer.digest = stored.at("digest");
  layer.number = stored.at("number");
  layer.verdict = ReadVerdict(stored.at("verdict").get_ref<const std::string&>());
  layer.reasons = stored.at("reasons").get<std::vector<std::string>>();
  for (const json& each : stored.at("windows")) {
    policy::Decision::Hours hours{each.at("rule"), each.at("open"), std::nullopt};
    if (each.contains("edge")) hours.edge = ToInstant(each["edge"]);
    layer.windows.push_back(std::move(hours));
  }
  for (const json& each : stored.at("ends")) layer.ends.push_back({each.at("rule"), ToInstant(each.at("at"))});
  return layer;
}

std::string Dump(const json& document) { return document.dump(-1, ' ', false, json::error_handler_t::replace); }

}  // namespace

std::string FactsJson(const policy::Facts& facts) {
  json object = json::object();
  for (const auto& [name, fact] : facts.values) {
    json& out = object[name] = json::object();
    std::visit(ValueWriter{out}, fact.value);
    if (const policy::FactSpec* spec = policy::FindFact(name))
      out["provenance"] = policy::ProvenanceName(spec->provenance);
    if (fact.fresh_until) out["fresh_until"] = base::FormatInstant(*fact.fresh_until);
  }
  return Dump(object);
}

std::string VoicesJson(const std::vector<policy::Approval>& approvals) {
  json list = json::array();
  for (const policy::Approval& approval : approvals) {
    json groups = json::array();
    for (const std::string& group : approval.groups) groups.push_back(base::PercentEscape(group));
    const bool deny = approval.decision == policy::Approval::Decision::kDeny;
    list.push_back({{"requirement", approval.requirement},
                    {"person", base::PercentEscape(approval.person)},
                    {"team", base::PercentEscape(approval.team)},
                    {"organisation", base::PercentEscape(approval.organisation)},
                    {"groups", std::move(groups)},
                    {"decision", deny ? "deny" : "approve"},
                    {"service", approval.is_service},
                    {"given", base::FormatInstant(approval.given)}});
    // Only where it says something, so that what was stored before still compares.
    if (!approval.in_place_of.empty()) list.back()["in_place_of"] = base::PercentEscape(approval.in_place_of);
  }
  return Dump(list);
}

std::string LayersJson(const std::vector<policy::StoredLayer>& layers) {
  json list = json::array();
  for (const policy::StoredLayer& layer : layers) list.push_back(ToJson(layer));
  return Dump(list);
}

absl::StatusOr<policy::StoredDecision> ReadStored(const store::Decision& row) {
  policy::StoredDecision stored;
  stored.now = row.at;
  stored.roster = row.roster;
  try {
    stored.verdict = ReadVerdict(row.verdict);
    if (row.layers_json.empty()) return stored;
    for (const json& layer : json::parse(row.layers_json)) stored.layers.push_back(ReadLayer(layer));
    if (stored.layers.empty()) return stored;
    stored.facts = ReadFacts(json::parse(row.facts_json));
    for (const json& voice : json::parse(row.voices_json)) stored.approvals.push_back(ReadVoice(voice));
    // What policies said is compared with what policies say: an emergency's word is neither.
    const json result = json::parse(row.result_json, nullptr, false);
    if (result.is_object() && result.contains("break_glass")) {
      for (const policy::StoredLayer& layer : stored.layers) stored.verdict = std::max(stored.verdict, layer.verdict);
    }
  } catch (const json::exception& error) {
    return base::Internal("decision ", row.id, " does not read: ", error.what());
  } catch (const Malformed&) {
    return base::Internal("decision ", row.id, " does not read");
  }
  return stored;
}

std::string OutcomeOf(const store::Decision& row) {
  std::string all;
  for (const std::string* part : {&row.policy, &row.facts_json, &row.approvals_json, &row.verdict, &row.result_json,
                                  &row.layers_json, &row.voices_json}) {
    all += base::StrCat(part->size(), ":", *part);
  }
  return base::ToHex(base::Sha256(base::StrCat(row.roster, ":", all)));
}

std::string_view OccasionOf(std::string_view reason) {
  if (reason == "APPROVED" || reason == "DENIED_BY_APPROVER") return "approval";
  if (reason == "APPROVAL_WITHDRAWN") return "withdrawal";
  if (reason == "DELEGATION_ENDED") return "delegation";
  if (reason == "GLASS_BROKEN") return "break_glass";
  if (reason == "RESUMED") return "resume";
  if (reason == "POLICY_ACTIVATED") return "activation";
  if (reason == "POLICY_REVOKED") return "revocation";
  if (reason == "ROSTER_CHANGED") return "roster";
  return reason.empty() ? "event" : "time";
}

}  // namespace crossdock::orchestrator::engine
