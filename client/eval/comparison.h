// client/eval/comparison.h
// One row of an evaluation's data: a prompt with responses that are known to be better and worse.
#ifndef ASSAY_CLIENT_EVAL_COMPARISON_H_
#define ASSAY_CLIENT_EVAL_COMPARISON_H_

#include <string>
#include <vector>

#include "client/json_row.h"
#include "client/types.h"

namespace assay::client {

struct Comparison {
  Json id = {};                            // Text or integer.
  std::string subset = {};                 // Not empty.
  std::vector<Message> prompt = {};        // Ends with a user turn; roles as stored.
  std::vector<std::string> chosen = {};    // The better responses; at least one.
  std::vector<std::string> rejected = {};  // The worse ones; at least one.
};

}  // namespace assay::client

#endif  // ASSAY_CLIENT_EVAL_COMPARISON_H_
