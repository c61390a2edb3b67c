#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck source=tests/cli/tap.sh
PYTHONPATH=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export PYTHONPATH PYTHONDONTWRITEBYTECODE=1
. "$PYTHONPATH/tap.sh"

need_device

# picture NAME CAPS: one PNG.
picture() {
  gst-launch-1.0 -q videotestsrc num-buffers=1 pattern="$3" ! "video/x-raw,format=$2,width=97,height=61" ! pngenc ! \
    filesink location="$1" >/dev/null 2>&1
}
picture rgb.png RGB smpte
picture grey.png GRAY8 ball
picture alpha.png RGBA snow
# The same grey picture stored as RGB.
gst-launch-1.0 -q filesrc location=grey.png ! pngdec ! videoconvert ! video/x-raw,format=RGB ! pngenc ! \
  filesink location=grey-rgb.png >/dev/null 2>&1
echo '["a red circle", "snow"]' >prompts.json

run 0 encode --model demo --images rgb.png grey.png grey-rgb.png alpha.png --prompts prompts.json --output all.safetensors &&
  /usr/bin/python3 - <<'P'
import json, math
import safetensors
tensors, metadata = safetensors.read("all.safetensors")
assert json.loads(metadata["images"]) == ["rgb.png", "grey.png", "grey-rgb.png", "alpha.png"], metadata
assert json.loads(metadata["prompts"]) == ["a red circle", "snow"], metadata
images, texts = safetensors.rows(tensors["image_embeds"]), safetensors.rows(tensors["text_embeds"])
logits = safetensors.rows(tensors["logits_per_image"])
assert (len(images), len(texts), len(logits), len(logits[0])) == (4, 2, 4, 2)
for row in images + texts:
    assert abs(math.sqrt(sum(v * v for v in row)) - 1) < 1e-4, row
dot = lambda a, b: sum(x * y for x, y in zip(a, b))
assert dot(images[1], images[2]) > 0.99999, dot(images[1], images[2])
assert dot(images[0], images[1]) < 0.999, dot(images[0], images[1])
scale = logits[0][0] / dot(images[0], texts[0])
assert all(abs(logits[i][j] - scale * dot(images[i], texts[j])) < 0.02 for i in range(4) for j in range(2))
P
ok "pictures and phrases in their order, of unit length" $?

run 0 encode --images alpha.png --images rgb.png --output two.safetensors && /usr/bin/python3 - <<'P'
import safetensors
two, all4 = safetensors.read("two.safetensors")[0], safetensors.read("all.safetensors")[0]
assert list(two) == ["image_embeds"], list(two)
a, b = safetensors.rows(two["image_embeds"]), safetensors.rows(all4["image_embeds"])
assert max(abs(x - y) for x, y in zip(a[0] + a[1], b[3] + b[0])) < 1e-5
P
ok "a batch of another size gives the same embeddings" $?

run 0 encode --prompts prompts.json --precision fp16 --output text.safetensors && /usr/bin/python3 - <<'P'
import safetensors
half, full = safetensors.read("text.safetensors")[0], safetensors.read("all.safetensors")[0]
assert list(half) == ["text_embeds"], list(half)
for a, b in zip(safetensors.rows(half["text_embeds"]), safetensors.rows(full["text_embeds"])):
    assert sum(x * y for x, y in zip(a, b)) > 0.9995
P
ok "float16 storage is within its tolerance" $?

mkfifo pipe
cat pipe >piped.safetensors &
run 0 encode --prompts prompts.json --precision fp16 --output pipe && [ -p pipe ] && wait $! &&
  cmp -s piped.safetensors text.safetensors
ok "a pipe is written to, and stays one" $?

echo keep >kept.safetensors
echo 'no picture' >bad.png
refuses "a file that is no picture is named" 1 'bad.png: ' encode --images rgb.png bad.png --output kept.safetensors
[ "$(cat kept.safetensors)" = keep ] && [ "$(find . -name 'kept.safetensors*' | wc -l)" = 1 ]
ok "a failure leaves the old output and nothing beside it" $?
head -c 300 rgb.png >cut.png
refuses "a picture that ends half way is named" 1 'cut.png: ' encode --images cut.png --output x.safetensors
refuses "a missing picture is named" 1 'missing.png: no such file' encode --images missing.png --output x.safetensors
refuses "a folder is no picture" 1 'directory' encode --images . --output x.safetensors
refuses "an output that cannot be written is named" 1 'no/such/folder' encode --images rgb.png --output no/such/folder/x
refuses "an unknown device is named" 1 'no such device 77' encode --device 'no such device 77' --images rgb.png --output x
VK_DRIVER_FILES=/no/such.json VK_ICD_FILENAMES=/no/such.json \
  refuses "a machine without a driver is told so" 1 'no Vulkan driver is installed' encode --images rgb.png --output x
[ ! -e x.safetensors ] && [ ! -e x ]
ok "no failure left a file" $?
finish
