// crossdock agent list|register-grant|deny · crossdock relay list|add|keys|ticket-key
#include "cli/verb.h"
#include "crossdock/admin/v1/admin.grpc.pb.h"
#include "lib/base/file.h"
#include "lib/base/strings.h"

namespace crossdock::cli {
namespace {

namespace v1 = admin::v1;
using v1::SiteService;

constexpr size_t kStatementSizeMax = 64u << 10;

struct Options {
  std::string site;
  std::string file;
  v1::DenyKeyRequest deny;
};

absl::Status ListAgents(const Options& options, Context& context) {
  v1::ListAgentsRequest request;
  request.set_site(options.site);
  ASSIGN_OR_RETURN(const auto all,
                   ListAll<SiteService>(context, &SiteService::Stub::ListAgents, request,
                                        [](auto& page, auto& sum) { sum.mutable_agents()->MergeFrom(page.agents()); }));
  if (context.json) {
    context.out << ToJson(all) << '\n';
    return absl::OkStatus();
  }
  Table table({"AGENT", "SITE", "ONLINE", "LAST REPORT", "VERSION", "FREE SLOTS", "VOLUMES", "CERTIFICATE UNTIL"});
  for (const auto& agent : all.agents()) {
    table.Add({agent.agent(), agent.site(),
               agent.denied()   ? "denied"
               : agent.online() ? "yes"
                                : "no",
               ShowTime(agent.last_report()), agent.version(), std::to_string(agent.slots_free()),
               Join(agent.volumes()), ShowTime(agent.certificate_expires())});
  }
  table.Print(context.out);
  return absl::OkStatus();
}

absl::Status RegisterGrant(const Options& options, Context& context) {
  v1::RegisterGrantRequest request;
  ASSIGN_OR_RETURN(*request.mutable_grant(), base::ReadFile(options.file, kStatementSizeMax));
  return CallAndPrint<SiteService>(context, &SiteService::Stub::RegisterGrant, request,
                                   [&](const auto&) { context.out << "registered: its token may enrol one agent\n"; });
}

absl::Status Deny(const Options& options, Context& context) {
  return CallAndPrint<SiteService>(context, &SiteService::Stub::DenyKey, options.deny, [&](const auto& response) {
    context.out << "denied everywhere, list number " << response.deny_number() << "\n";
  });
}

absl::Status ListRelays(const Options&, Context& context) {
  ASSIGN_OR_RETURN(const auto all,
                   ListAll<SiteService>(context, &SiteService::Stub::ListRelays, v1::ListRelaysRequest(),
                                        [](auto& page, auto& sum) { sum.mutable_relays()->MergeFrom(page.relays()); }));
  if (context.json) {
    context.out << ToJson(all) << '\n';
    return absl::OkStatus();
  }
  Table table({"RELAY", "SITE", "LAN", "WAN", "TENDED", "LOAD", "BUSY", "PROBLEM", "SPKI"});
  for (const auto& relay : all.relays()) {
    table.Add({relay.relay(), relay.site(), relay.address_lan(), relay.address_wan(),
               relay.draining() ? "draining"
               : relay.tended() ? "yes"
                                : "no",
               std::to_string(relay.load()), base::StrCat(relay.busy_per_mille() / 10, " %"), relay.problem(),
               relay.spki().substr(0, 16)});
  }
  table.Print(context.out);
  return absl::OkStatus();
}

absl::Status AddRelay(const Options& options, Context& context) {
  v1::AddRelayRequest request;
  ASSIGN_OR_RETURN(*request.mutable_statement(), base::ReadFile(options.file, kStatementSizeMax));
  return CallAndPrint<SiteService>(context, &SiteService::Stub::AddRelay, request, [&](const auto& response) {
    context.out << "added: " << Shown(response.relay().relay()) << " at " << Shown(response.relay().site()) << "\n";
  });
}

absl::Status SetRelayKeys(const Options& options, Context& context) {
  v1::SetRelayKeysRequest request;
  request.set_site(options.site);
  ASSIGN_OR_RETURN(*request.mutable_bundle(), base::ReadFile(options.file, kStatementSizeMax));
  return CallAndPrint<SiteService>(context, &SiteService::Stub::SetRelayKeys, request, [&](const auto&) {
    context.out << "taken: the agents of " << Shown(options.site) << " bring it to their relays\n";
  });
}

absl::Status TicketKey(const Options&, Context& context) {
  return CallAndPrint<SiteService>(context, &SiteService::Stub::GetTicketKey, v1::GetTicketKeyRequest(),
                                   [&](const auto& response) { context.out << response.key() << "\n"; });
}

}  // namespace

absl::Status RegisterGrantText(const std::string& grant, Context& context) {
  ASSIGN_OR_RETURN(const auto stub, StubOf<SiteService>(context));
  v1::RegisterGrantRequest request;
  request.set_grant(grant);
  return Call(context.connection, *stub, &SiteService::Stub::RegisterGrant, request).status();
}

void AddAgentOnline(CLI::App& noun, Context& context) {
  const auto options = std::make_shared<Options>();
  AddVerb(noun, context, options, "list", "every agent that has enrolled", ListAgents)
      ->add_option("--site", options->site, "of this site only");
  AddVerb(noun, context, options, "register-grant", "let a signed join grant enrol one agent", RegisterGrant)
      ->add_option("file", options->file, "the signed grant")
      ->required();
  CLI::App* deny = AddVerb(noun, context, options, "deny", "refuse a key everywhere, at once", Deny);
  deny->add_option("spki", *options->deny.mutable_spki(), "SHA-256 of the key (SPKI), lower hex")->required();
  deny->add_option("--reason", *options->deny.mutable_reason(), "why")->required();
}

void AddRelayOnline(CLI::App& noun, Context& context) {
  const auto options = std::make_shared<Options>();
  AddVerb(noun, context, options, "list", "every relay", ListRelays);
  AddVerb(noun, context, options, "add", "register a relay", AddRelay)
      ->add_option("file", options->file, "its statement, signed by a site admin")
      ->required();
  CLI::App* keys = AddVerb(noun, context, options, "keys", "hand in the key bundle of a site's relays", SetRelayKeys);
  keys->add_option("site", options->site, "whose relays")->required();
  keys->add_option("file", options->file, "the bundle, signed by its site admin")->required();
  AddVerb(noun, context, options, "ticket-key", "the public key that signs tickets, for the bundle", TicketKey);
}

}  // namespace crossdock::cli
