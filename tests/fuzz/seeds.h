// What each corpus starts from: sound inputs, made by our own encoders and examples, a few hundred bytes each.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace crossdock::fuzz {

// name of the target → name of the file, behind "seed-", or whole when it is "finding-…" → its bytes. Findings that our
// encoders can make are made too, so that they follow the format.
using Seeds = std::map<std::string, std::map<std::string, std::string>, std::less<>>;

void AddWireSeeds(Seeds& seeds);
void AddAgentSeeds(Seeds& seeds);
void AddMhlSeeds(Seeds& seeds);
void AddStatementSeeds(Seeds& seeds);
void AddTransparencySeeds(Seeds& seeds);
void AddOidcSeeds(Seeds& seeds);
// `source` is the root of the source tree, whose examples these are.
void AddTextSeeds(Seeds& seeds, std::string_view source);

}  // namespace crossdock::fuzz
