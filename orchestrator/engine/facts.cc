#include "orchestrator/engine/facts.h"

#include <utility>

namespace crossdock::orchestrator::engine {
namespace {

// Of a transfer that a person or a tool asked for, without an event.
constexpr std::string_view kRequestKind = "transfer.requested";

void AddText(policy::Facts& facts, std::string_view name, std::string_view text) {
  if (!text.empty()) facts.values[std::string(name)] = policy::Fact(std::string(text));
}

}  // namespace

policy::Facts AssertedFacts(const Transfer& transfer) {
  const Entity& entity = transfer.entity;
  policy::Facts facts;
  AddText(facts, "asset.client", entity.client);
  AddText(facts, "asset.project", entity.project);
  AddText(facts, "asset.type", entity.type);
  AddText(facts, "asset.name", entity.name);
  AddText(facts, "asset.classification", entity.classification);
  AddText(facts, "asset.publisher", entity.publisher);
  AddText(facts, "asset.status", entity.status);
  AddText(facts, "transfer.purpose", transfer.purpose);
  AddText(facts, "event.source", entity.source);
  AddText(facts, "event.kind", transfer.event_kind.empty() ? kRequestKind : transfer.event_kind);
  AddText(facts, "requester", transfer.requester);
  // A list may be empty and is then known to be so.
  facts.values["asset.tags"] = policy::Fact(entity.tags);
  return facts;
}

std::map<std::string, AssertedFact> WarrantFacts(const policy::Facts& facts) {
  std::map<std::string, AssertedFact> asserted;
  for (const auto& [name, fact] : facts.values) {
    if (const auto* text = std::get_if<std::string>(&fact.value)) asserted[name] = {{*text}, false};
    if (const auto* list = std::get_if<std::vector<std::string>>(&fact.value)) asserted[name] = {*list, true};
  }
  return asserted;
}

clearance::Request ClearanceRequest(const Transfer& transfer, std::vector<std::string> approvals,
                                    std::vector<std::string> delegations) {
  clearance::Request request;
  request.transfer = transfer.id;
  request.source = {transfer.source_site, transfer.volume, transfer.path};
  request.destination = {transfer.destination_site, transfer.volume, transfer.destination_path};
  request.measured = {transfer.listing, transfer.content, static_cast<uint64_t>(transfer.files),
                      static_cast<uint64_t>(transfer.bytes)};
  request.asserted = AssertedFacts(transfer);
  request.approvals = std::move(approvals);
  request.delegations = std::move(delegations);
  return request;
}

}  // namespace crossdock::orchestrator::engine
