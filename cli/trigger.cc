// crossdock trigger apply|list|test
#include <filesystem>

#include "cli/verb.h"
#include "crossdock/admin/v1/admin.grpc.pb.h"
#include "lib/base/file.h"

namespace crossdock::cli {
namespace {

namespace v1 = admin::v1;
using v1::TriggerService;

constexpr size_t kTriggersSizeMax = 256u << 10;

struct Options {
  std::string file;
  std::string name;
  bool validate_only = false;
  bool text = false;
  v1::TestTriggersRequest test;
};

absl::Status Apply(const Options& options, Context& context) {
  v1::ApplyTriggersRequest request;
  request.set_name(options.name.empty() ? std::filesystem::path(options.file).stem().string() : options.name);
  ASSIGN_OR_RETURN(*request.mutable_text(), base::ReadFile(options.file, kTriggersSizeMax));
  request.set_validate_only(options.validate_only);
  return CallAndPrint<TriggerService>(
      context, &TriggerService::Stub::ApplyTriggers, request, [&](const auto& response) {
        context.out << (options.validate_only ? "loads" : "in force") << ", set " << Shown(request.name()) << ": "
                    << Shown(Join(response.triggers())) << "\n";
      });
}

absl::Status List(const Options& options, Context& context) {
  ASSIGN_OR_RETURN(const auto all,
                   ListAll<TriggerService>(context, &TriggerService::Stub::ListTriggers, v1::ListTriggersRequest(),
                                           [](auto& page, auto& sum) { sum.mutable_sets()->MergeFrom(page.sets()); }));
  if (context.json) {
    context.out << ToJson(all) << '\n';
    return absl::OkStatus();
  }
  if (options.text) {
    for (const auto& set : all.sets()) context.out << "# set " << Shown(set.name()) << "\n" << set.text() << "\n";
    return absl::OkStatus();
  }
  Table table({"SET", "TRIGGERS", "APPLIED", "AUTHOR"});
  for (const auto& set : all.sets()) {
    table.Add({set.name(), Join(set.triggers()), ShowTime(set.applied()), set.author()});
  }
  table.Print(context.out);
  return absl::OkStatus();
}

absl::Status Test(const Options& options, Context& context) {
  ASSIGN_OR_RETURN(const auto stub, StubOf<TriggerService>(context));
  ASSIGN_OR_RETURN(const auto response,
                   Call(context.connection, *stub, &TriggerService::Stub::TestTriggers, options.test));
  const bool matched = response.matches_size() > 0;
  if (context.json) {
    context.out << ToJson(response) << '\n';
  } else {
    Table table({"TRIGGER", "FROM", "TO", "VOLUME", "PATH", "AS", "PURPOSE", "EXISTS"});
    for (const auto& match : response.matches()) {
      table.Add({match.trigger(), match.source_site(), match.destination_site(), match.volume(), match.path(),
                 match.destination_path(), match.purpose(), match.exists() ? "yes" : "no"});
    }
    if (matched) table.Print(context.out);
    for (const std::string& note : response.notes()) context.out << Shown(note) << "\n";
  }
  return matched ? absl::OkStatus() : Negative();
}

}  // namespace

void AddTrigger(CLI::App& app, Context& context) {
  CLI::App& noun = *app.add_subcommand("trigger", "what moves when something is ready")->require_subcommand(1);
  const auto options = std::make_shared<Options>();
  CLI::App* apply = AddVerb(noun, context, options, "apply", "replace the set of one file", Apply);
  apply->add_option("file", options->file, "the triggers (YAML)")->required();
  apply->add_option("--name", options->name, "of the set; the file's name when not given");
  apply->add_flag("--validate-only", options->validate_only, "check it, change nothing");
  AddVerb(noun, context, options, "list", "the sets in force", List)
      ->add_flag("--text", options->text, "the files as they were applied");
  CLI::App* test =
      AddVerb(noun, context, options, "test", "what would happen for this entity now; makes nothing", Test);
  test->add_option("source", *options->test.mutable_source(), "name of the asset database")->required();
  test->add_option("entity-type", *options->test.mutable_entity_type(), "version, shot …")->required();
  test->add_option("entity-id", *options->test.mutable_entity_id(), "its id")->required();
}

}  // namespace crossdock::cli
