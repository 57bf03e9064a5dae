// crossdock audit custody: who had what, where, from when until when.
#include "cli/verb.h"
#include "crossdock/admin/v1/admin.grpc.pb.h"

namespace crossdock::cli {
namespace {

namespace v1 = admin::v1;
using v1::AuditService;

absl::Status ShowCustody(v1::ListCustodyRequest& request, Context& context) {
  ASSIGN_OR_RETURN(const auto all,
                   ListAll<AuditService>(context, &AuditService::Stub::ListCustody, request, [](auto& page, auto& sum) {
                     sum.mutable_intervals()->MergeFrom(page.intervals());
                   }));
  if (context.json) {
    context.out << ToJson(all) << '\n';
    return absl::OkStatus();
  }
  Table table({"TRANSFER", "SITE", "SINCE", "PUBLISHED", "UNTIL", "FILES", "SIZE", "RECEIPTS BY", "LISTING"});
  for (const auto& each : all.intervals()) {
    table.Add({each.transfer(), each.site(), ShowTime(each.since()), ShowTime(each.published()),
               each.has_until() ? ShowTime(each.until()) : "open", std::to_string(each.files()),
               ShowBytes(each.bytes()), Join(each.agents()), each.listing().substr(0, 16)});
  }
  table.Print(context.out);
  return absl::OkStatus();
}

}  // namespace

void AddAuditCustody(CLI::App& noun, Context& context) {
  const auto request = std::make_shared<v1::ListCustodyRequest>();
  CLI::App* verb = AddVerb(noun, context, request, "custody",
                           "which site had a transfer's content, from when until when", ShowCustody);
  verb->add_option("transfer", *request->mutable_transfer(), "this one only");
  verb->add_option("--client", *request->mutable_client(), "of this client only");
  verb->add_flag_callback(
      "--open", [request] { request->set_open(true); }, "what has not ended");
}

}  // namespace crossdock::cli
