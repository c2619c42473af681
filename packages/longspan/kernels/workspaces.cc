#include "program.h"

namespace longspan {

Workspaces::~Workspaces() {
  for (Workspace* w : threads) delete w;
}

bool Workspaces::reserve(int32_t count) {
  for (int32_t t = 0; t < count; t++)
    if (threads[t] == nullptr) threads[t] = new Workspace();
  return true;
}

int64_t Workspaces::bytes() const {
  int64_t sum = temporaries.bytes();
  for (const Workspace* w : threads)
    if (w != nullptr)
      sum += w->own.bytes() + w->sums.bytes() + w->scratch.bytes() + w->left.bytes() + w->right.bytes() +
             w->gathered[0].bytes() + w->gathered[1].bytes();
  return sum;
}

}  // namespace longspan
