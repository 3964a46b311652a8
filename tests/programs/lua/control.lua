-- goto, nested loops, integer for, while, repeat, multiple assignment, scoping, constants.
for i = 1, 3 do
  for j = 1, 3 do
    if j == 2 then goto continue end
    if i == 3 then goto finished end
    print(i, j)
    ::continue::
  end
end
::finished::
local i = 1
::again::
if i <= 3 then i = i + 1 goto again end
print(i)
local a, b, c = (function() return 1, 2, 3 end)()
print(a, b, c, (function() return 1, 2 end)())
a, b = b, a print(a, b)
local t = {1, 2} local k = 1 k, t[k] = 2, 'changed' print(k, t[1], t[2])
repeat local done = true until done
local n = 0 while true do n = n + 1 if n > 10 then break end end print(n)
print(1 and 2, nil and 1, false or 'x', nil or false, not nil, not 0, 1 == 1 and 'yes' or 'no')
print(2 ^ 3 ^ 2, -2 ^ 2, not 1 == 2, 1 .. 2 == '12', 1 + 2 < 4, 'a' .. 'b' == 'ab' and 5 // 2 * 2)
local s = 0 for x = 10, 1, -3 do s = s * 10 + x end print(s)
do local x = 1 do local x = 2 print(x) end print(x) end
local closures = {} for x = 1, 3 do closures[x] = function() x = x + 1 return x end end print(closures[1](), closures[1](), closures[2]())
local function classify(v)
  local kind = type(v)
  if kind == 'number' then return v < 0 and 'negative' or v == 0 and 'zero' or 'positive'
  elseif kind == 'string' then return #v == 0 and 'empty' or 'string'
  else return kind end
end
print(classify(-1), classify(0), classify(5), classify(''), classify('x'), classify(nil), classify({}), classify(print))
-- A small virtual machine: dispatch through tables and strings.
local program = {'push 10', 'push 0', 'label', 'over', 'add', 'swap', 'push 1', 'sub', 'swap', 'over', 'jump'}
local stack, at = {}, 1
local steps = {
  push = function(v) stack[#stack + 1] = tonumber(v) end, add = function() local y, x = table.remove(stack), table.remove(stack) stack[#stack + 1] = x + y end,
  sub = function() local y, x = table.remove(stack), table.remove(stack) stack[#stack + 1] = x - y end,
  over = function() stack[#stack + 1] = stack[#stack - 1] end, swap = function() stack[#stack], stack[#stack - 1] = stack[#stack - 1], stack[#stack] end,
  label = function() end, jump = function() if table.remove(stack) > 0 then at = 3 end end,
}
local executed = 0
while program[at] do local op, argument = program[at]:match('(%a+) ?(%d*)') at = at + 1 steps[op](argument) executed = executed + 1 end
print(table.concat(stack, ' '), executed)
