// client/affinity.h
// Which of several servers a request goes to, as far as the caller has a say.
#ifndef ASSAY_CLIENT_AFFINITY_H_
#define ASSAY_CLIENT_AFFINITY_H_

namespace assay::client {

enum class Affinity {
  kNone,    // The next in turn.
  kPrompt,  // For one prompt the same, while it is there and has no more than its share to do: a
            // server computes a prompt once for all requests that wait with it.
};

}  // namespace assay::client

#endif  // ASSAY_CLIENT_AFFINITY_H_
