// model/checkpoint_form.h
// Under which names a checkpoint keeps its trunk and its scalar head: told by the tensors, since two forms share one
// architecture in config.json.
//
//   trunk           scalar head
//   model.*         score.weight     transformers' sequence classification
//   transformer.*   v_head.weight    Starling-RM-34B
//
// The scalar is read at the last token in both. Another combination is refused: there are published models with
// v_head.weight over model.* that read it at a token of their own, and their scores would be wrong without an error.
// Decided once, at load; whether all tensors are there is weights.h's business. Pure.
#ifndef ASSAY_MODEL_CHECKPOINT_FORM_H_
#define ASSAY_MODEL_CHECKPOINT_FORM_H_

#include <map>
#include <string>

#include "absl/status/status.h"
#include "model/checkpoint_tensors.h"
#include "model/model_config.h"

namespace assay {

// Sets config->trunk_prefix and config->scalar_head to what `tensors` hold. Where they hold no such trunk, or no such head,
// the names stay in one line of the table, and weights.h will miss them. A gated head has its own names, over model.*.
//   DATA_LOSS      tensors of both trunks, or of both heads; one of each is named.
//   UNIMPLEMENTED  a combination that is not in the table, or score.weight where config.json has another number of labels
//                  than 1.
// On an error `config` is unchanged.
absl::Status AdoptCheckpointForm(const std::map<std::string, StoredTensor>& tensors,
                                 ModelConfig* config);

}  // namespace assay

#endif  // ASSAY_MODEL_CHECKPOINT_FORM_H_
