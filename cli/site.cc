// crossdock site list · crossdock link list|set
#include "cli/verb.h"
#include "crossdock/admin/v1/admin.grpc.pb.h"

namespace crossdock::cli {
namespace {

namespace v1 = admin::v1;
using v1::SiteService;

struct Options {
  std::string from, to;
  int concurrency = -1;
  int64_t megabits = -1;
  std::string hold;
  bool release = false;
};

absl::Status ListSites(const Options&, Context& context) {
  ASSIGN_OR_RETURN(const auto all,
                   ListAll<SiteService>(context, &SiteService::Stub::ListSites, v1::ListSitesRequest(),
                                        [](auto& page, auto& sum) { sum.mutable_sites()->MergeFrom(page.sites()); }));
  if (context.json) {
    context.out << ToJson(all) << '\n';
    return absl::OkStatus();
  }
  Table table({"SITE", "COUNTRY", "CERTIFICATIONS", "AGENTS ONLINE", "RELAYS", "VOLUMES"});
  for (const auto& site : all.sites()) {
    table.Add({site.site(), site.country(), Join(site.certifications()),
               base::StrCat(site.agents_online(), " of ", site.agents()), std::to_string(site.relays()),
               Join(site.volumes())});
  }
  table.Print(context.out);
  return absl::OkStatus();
}

absl::StatusOr<v1::ListLinksResponse> AllLinks(Context& context) {
  return ListAll<SiteService>(context, &SiteService::Stub::ListLinks, v1::ListLinksRequest(),
                              [](auto& page, auto& sum) { sum.mutable_links()->MergeFrom(page.links()); });
}

void Print(const google::protobuf::RepeatedPtrField<v1::Link>& links, Context& context) {
  Table table({"FROM", "TO", "AT ONCE", "CAP", "RUNNING", "QUEUED", "HELD"});
  for (const auto& link : links) {
    table.Add({link.source_site(), link.destination_site(), std::to_string(link.concurrency()),
               link.bytes_per_second_max() == 0 ? "" : ShowBytes(link.bytes_per_second_max()) + "/s",
               std::to_string(link.running()), std::to_string(link.queued()),
               link.held() ? "held: " + link.held_reason() : ""});
  }
  table.Print(context.out);
}

absl::Status ListLinks(const Options&, Context& context) {
  ASSIGN_OR_RETURN(const auto all, AllLinks(context));
  if (context.json) {
    context.out << ToJson(all) << '\n';
  } else {
    Print(all.links(), context);
  }
  return absl::OkStatus();
}

// What is not named stays as it is, so the link is read first.
absl::Status SetLink(const Options& options, Context& context) {
  constexpr uint32_t kConcurrencyOfNewLink = 4;
  ASSIGN_OR_RETURN(const auto all, AllLinks(context));
  v1::SetLinkRequest request;
  v1::Link* link = request.mutable_link();
  link->set_concurrency(kConcurrencyOfNewLink);
  for (const auto& known : all.links()) {
    if (known.source_site() == options.from && known.destination_site() == options.to) *link = known;
  }
  link->set_source_site(options.from);
  link->set_destination_site(options.to);
  if (options.concurrency >= 0) link->set_concurrency(static_cast<uint32_t>(options.concurrency));
  if (options.megabits >= 0) link->set_bytes_per_second_max(static_cast<uint64_t>(options.megabits) * 1'000'000 / 8);
  if (!options.hold.empty() || options.release) {
    link->set_held(!options.release);
    link->set_held_reason(options.release ? "" : options.hold);
  }
  request.set_request_id(base::NewId(context.random, "r"));
  return CallAndPrint<SiteService>(context, &SiteService::Stub::SetLink, request, [&](const auto& response) {
    google::protobuf::RepeatedPtrField<v1::Link> one;
    *one.Add() = response.link();
    Print(one, context);
  });
}

}  // namespace

void AddSite(CLI::App& app, Context& context) {
  const auto options = std::make_shared<Options>();
  CLI::App& site = *app.add_subcommand("site", "the places of the studio")->require_subcommand(1);
  AddVerb(site, context, options, "list", "every site of the roster", ListSites);
  CLI::App& link = *app.add_subcommand("link", "the way from one site to another")->require_subcommand(1);
  AddVerb(link, context, options, "list", "every link with its load", ListLinks);
  CLI::App* set = AddVerb(link, context, options, "set", "change a link; running streams follow", SetLink);
  set->add_option("from", options->from, "site")->required();
  set->add_option("to", options->to, "site")->required();
  set->add_option("--concurrency", options->concurrency, "transfers at once")->check(CLI::Range(0, 1000));
  set->add_option("--cap-mbit", options->megabits, "megabits a second for all together; 0: no cap")
      ->check(CLI::Range(int64_t{0}, int64_t{1'000'000}));
  CLI::Option* hold = set->add_option("--hold", options->hold, "let nothing start, for this reason");
  set->add_flag("--release", options->release, "let go on what was held")->excludes(hold);
}

}  // namespace crossdock::cli
