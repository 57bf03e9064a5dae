// The difference of two versions as one JSON document: what `policy diff --json` prints and what is stored with a
// proposal. Pure.
#pragma once

#include "lib/policy/diff.h"
#include "nlohmann/json.hpp"

namespace crossdock::policy {

// {before, after, complete, counts: {weaker: 2, …}, facts_no_longer_asked_for, facts_newly_asked_for, regions:
// [{change, where, how, rules_before, rules_after, example: {facts, now}}]}. The first `regions_max` regions, weaker
// ones first; the counts are of all.
nlohmann::ordered_json DiffDocument(const Policy& before, const Policy& after, const Difference& difference,
                                    size_t regions_max);

}  // namespace crossdock::policy
